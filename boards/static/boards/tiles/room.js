/** A room's newest messages, the newest at the bottom. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { clockTime, wholeTime } from "web/time.js";
import { isLive } from "../state/connection.js";
import { RoomFeed } from "../state/room-feed.js";

export class RoomTile extends LitElement {
  static properties = { room: {}, socket: { attribute: false }, heard: { attribute: false } };

  constructor() {
    super();
    this.room = "";
    /** The socket on which the room is joined. @type {import("realtime/socket.js").Socket | null} */
    this.socket = null;
    /** True while the room's connection is alive. */
    this.heard = false;
    /** @type {RoomFeed | null} */
    this.feed = null;
    this.resized = new ResizeObserver(() => this.#fade());
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.requestUpdate(); // moving a tile takes it out of the document and puts it back
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.resized.disconnect();
    this.feed?.end();
    this.feed = null;
  }

  willUpdate() {
    if (this.feed?.room === this.room && this.feed.socket === this.socket) return;
    this.feed?.end();
    this.feed = this.room && this.socket ? new RoomFeed(this.socket, this.room) : null;
    this.feed?.onChange(() => this.requestUpdate());
  }

  updated() {
    for (const each of this.querySelectorAll(".talk, .talk__said")) this.resized.observe(each);
  }

  /** Fade out what does not fit at the top. The style sheet keeps the newest in view, however the layout changes. */
  #fade() {
    const talk = this.querySelector(".talk");
    talk?.toggleAttribute("data-over", talk.scrollHeight > talk.clientHeight);
  }

  render() {
    const { feed } = this;
    if (!feed) return html`<p class="tile__note">Choose a room.</p>`;
    if (feed.trouble) return html`<p class="tile__note" data-truth="failing">${feed.trouble}</p>`;
    const live = feed.live && this.heard;
    const people = feed.count === null ? "" : feed.count === 1 ? "1 person here" : `${feed.count} people here`;
    return html`<div class="talk" role="group" tabindex="0" aria-label=${`Newest messages in ${this.room}`} ?data-away=${!live}>
        <ol class="talk__said">
          ${repeat(
            feed.messages,
            ({ seq }) => seq,
            ({ sender, html: body, at }) => html`<li>
              <span class="talk__head"><b>${sender.name}</b> <time class="muted" datetime=${at} title=${wholeTime(at)}>${clockTime(at)}</time></span>
              <div class="prose">${unsafeHTML(body)}</div>
            </li>`,
          )}
        </ol>
      </div>
      <p class="tile__foot">
        ${live ? (feed.messages.length ? people : "Nothing said yet") : "Not connected to the room"}
        ${live && feed.count !== null
          ? html`<a class="talk__open link-inline" href=${`/rooms/${encodeURIComponent(this.room)}/`}>Open</a>`
          : nothing}
      </p>`;
  }
}

customElements.define("room-tile", RoomTile);

/** @param {import("../state/board-state.js").Widget} widget @param {import("realtime/socket.js").Socket | null} socket */
export function roomTile({ options }, socket) {
  return html`<room-tile .room=${options.room ?? ""} .socket=${socket} .heard=${socket !== null && isLive(socket, true)}></room-tile>`;
}
