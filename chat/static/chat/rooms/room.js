/** The page of a room. */
import { given } from "web/page.js";
import { shortcut, tell } from "web/shortcuts.js";
import "../presence/client-count.js";
import { socket } from "./connection.js";
import "./connection-line.js";
import { openRoom } from "./open-room.js";
import "./room-members.js";
import "../presence/room-people.js";
import "./room-talk.js";

const { room, me, isOwner, members, bodyCharacters } = given("page-config");
const roomState = openRoom(room.slug);

/** @type {import("./room-talk.js").RoomTalk | null} */
const talk = document.querySelector("room-talk");
if (talk) {
  talk.label = `Message # ${room.name}`;
  talk.limit = bodyCharacters;
  talk.readOnly = room.archived ? "This room is archived: it can only be read." : "";
  talk.roomState = roomState;
}
Object.assign(document.querySelector("connection-line") ?? {}, { socket, roomState });
Object.assign(document.querySelector("room-people") ?? {}, { roomState });
Object.assign(document.querySelector("room-members") ?? {}, { room, me: me.id, isOwner, members });

socket.on("room", ({ room: now }) => {
  if (now.slug !== room.slug) return;
  const [heading, topic] = ["h1", ".page-head__note"].map(
    (part) => /** @type {HTMLElement} */ (document.querySelector(`.room__head ${part}`)),
  );
  heading.textContent = `# ${now.name}`;
  Object.assign(topic, { textContent: now.topic, title: now.topic, hidden: !now.topic });
  if (talk) talk.label = `Message # ${now.name}`;
});

shortcut("c", "Write a message", () => talk?.composer?.focusField());
shortcut("End", "Go to the newest message", () => talk?.logView?.toEnd());
tell("Enter", "Send");
tell("Shift Enter", "New line");
tell("↑", "Edit your last message, in an empty field");
tell("↑ ↓", "From message to message, in the list");
tell("Esc", "Leave an edit or answer");

if (matchMedia("(hover: hover)").matches) talk?.updateComplete.then(() => talk.composer?.focusField());
