"""What a newcomer's instance (bin/serve, SQLite, one process) does for a client that knows only docs/protocol.md."""

import uuid
from collections.abc import Awaitable, Callable

import httpx

from harness.client import Client, eventually
from harness.servers import Serve

Guest = Callable[[str], Awaitable[Client]]


async def test_a_guest_is_greeted_by_name(guest: Guest) -> None:
    ada = await guest("Ada")
    assert ada.user["name"] == "Ada"
    assert ada.user["guest"] is True
    hello = await ada.connect()
    assert hello["type"] == "hello"
    assert hello["protocol"] == 1
    assert hello["user"] == ada.user
    assert hello["heartbeat"] > 0
    again = await ada.http.post("/api/session/", json={"name": "Somebody else"})
    assert again.status_code == 409


async def test_without_a_session_the_chat_says_why_and_closes(live_switchboard: Serve) -> None:
    async with Client(live_switchboard.address) as nobody:
        await nobody.connect()
        await nobody.assert_closed(4401)


async def test_a_foreign_origin_is_refused(guest: Guest) -> None:
    ada = await guest("Ada")
    await ada.connect(origin="https://elsewhere.example")
    await ada.assert_closed(4403)


async def test_a_message_is_acknowledged_and_reaches_everyone_with_the_same_numbers(guest: Guest) -> None:
    ada, grace = await guest("Ada"), await guest("Grace")
    for client in (ada, grace):
        await client.connect()
        joined = await client.call("join", room="lobby")
        assert joined["type"] == "joined"
        assert joined["complete"] is True
        assert client.user in joined["online"]
    ack = await ada.say("lobby", "Hello, *everyone*", id="6f1e7c0e-5c59-4a53-9f43-5f3bd0a2e001")
    assert ack["type"] == "ack"
    assert ack["duplicate"] is False
    numbers = {"rev": ack["rev"], "seq": ack["seq"]}
    for client in (ada, grace):
        message = await client.assert_event("message", room="lobby", id=ack["id"], **numbers)
        assert message["sender"] == ada.user
        assert message["body"] == "Hello, *everyone*"
        assert "<em>everyone</em>" in message["html"]
        assert message["at"] == ack["at"]
    again = await ada.say("lobby", "Hello, *everyone*", id=ack["id"])
    assert again["duplicate"] is True
    assert {"rev": again["rev"], "seq": again["seq"]} == numbers
    await grace.assert_silence("message", seconds=0.5)


async def test_arrivals_and_departures_are_events(guest: Guest) -> None:
    ada, grace = await guest("Ada"), await guest("Grace")
    await ada.connect()
    await ada.call("join", room="lobby")
    await grace.connect()
    await grace.call("join", room="lobby")

    def joined() -> bool:
        return any(grace.user in event["joined"] for event in ada.events if event["type"] == "presence")

    def left() -> bool:
        return any(grace.user["id"] in event["left"] for event in ada.events if event["type"] == "presence")

    await eventually(joined)
    await grace.disconnect()
    await eventually(left, seconds=20)


async def test_who_comes_back_gets_exactly_what_was_missed(guest: Guest) -> None:
    ada, grace = await guest("Ada"), await guest("Grace")
    for client in (ada, grace):
        await client.connect()
    place = (await grace.call("join", room="lobby"))["rev"]
    await ada.call("join", room="lobby")
    seen = await ada.say("lobby", "before you go")
    place = (await grace.assert_event("message", id=seen["id"]))["rev"]
    assert (await grace.call("leave", room="lobby"))["type"] == "ok"

    first = await ada.say("lobby", "while you were away")
    second = await ada.say("lobby", "a typo")
    edited = await ada.call("edit", room="lobby", seq=second["seq"], body="mended")
    old = await ada.call("edit", room="lobby", seq=seen["seq"], body="before you went")
    third = await ada.say("lobby", "and gone again")
    deleted = await ada.call("delete", room="lobby", seq=third["seq"])
    await grace.assert_silence("message", seconds=0.5)

    await grace.disconnect()
    await grace.connect()
    back = await grace.call("join", room="lobby", after=place)
    assert back["complete"] is True
    assert [(each["seq"], each["rev"], each["body"]) for each in back["messages"]] == [
        (first["seq"], first["rev"], "while you were away"),
        (second["seq"], edited["rev"], "mended"),
        (seen["seq"], old["rev"], "before you went"),
        (third["seq"], deleted["rev"], ""),
    ]
    assert back["messages"][-1]["deleted"] is True
    assert back["rev"] == deleted["rev"]
    live = await ada.say("lobby", "welcome back")
    await grace.assert_event("message", id=live["id"], rev=live["rev"], seq=live["seq"])
    await grace.assert_silence("message", seconds=0.5)


async def test_a_long_absence_is_caught_up_with_in_pages(guest: Guest) -> None:
    ada, grace = await guest("Ada"), await guest("Grace")
    await ada.connect()
    await ada.call("join", room="lobby")
    place = (await ada.say("lobby", "start"))["rev"]
    wanted = [(await ada.say("lobby", f"message {number}"))["seq"] for number in range(12)]
    await grace.connect()
    got: list[int] = []
    for _ in range(10):
        page = await grace.call("join", room="lobby", after=place, limit=5)
        got += [message["seq"] for message in page["messages"]]
        if page["complete"]:
            break
        place = page["messages"][-1]["rev"]
    assert got == wanted


async def test_two_strangers_are_paired_and_talk_alone(guest: Guest) -> None:
    ada, grace, other = await guest("Ada"), await guest("Grace"), await guest("Other")
    for client in (ada, grace, other):
        await client.connect()
    await ada.send_command("roulette.enter")
    await ada.assert_event("roulette.waiting")
    await grace.send_command("roulette.enter")
    paired = await ada.assert_event("roulette.paired", partner=grace.user)
    await grace.assert_event("roulette.paired", partner=ada.user, room=paired["room"])
    ack = await ada.say(paired["room"], "Hello, stranger")
    await grace.assert_event("message", room=paired["room"], id=ack["id"], sender=ada.user)
    ref = await other.send_command("join", room=paired["room"])
    refusal = await other.reply(ref)
    assert refusal["type"] == "error"
    assert refusal["code"] in ("forbidden", "not_found")
    await grace.send_command("roulette.leave")
    await ada.assert_event("roulette.ended", room=paired["room"], reason="partner_left")


async def test_the_counter_moves(guest: Guest) -> None:
    ada = await guest("Ada")
    await ada.connect("/ws/boards/counter/")
    snapshot = await ada.assert_event("snapshot")
    [(slug, stream)] = [(slug, each) for slug, each in snapshot["streams"].items() if each["kind"] == "number"][:1]
    value, seq = stream["value"] or 0, stream["seq"]
    for _ in range(5):
        update = await ada.assert_event("update")
        now = update["streams"][slug]
        assert now["seq"] > seq
        merged = now.get("merged", 1)
        assert value < now["value"] <= value + 10 * max(merged, now["seq"] - seq)
        value, seq = now["value"], now["seq"]
        assert now["state"] == "ok"


async def test_clients_are_counted(live_switchboard: Serve, guest: Guest) -> None:
    ada, grace = await guest("Ada"), await guest("Grace")

    async def count() -> int:
        return int((await ada.http.get("/api/status/")).json()["clients"])

    before = await count()
    await ada.connect()
    await grace.connect("/ws/boards/counter/")
    await eventually(lambda: _equals(count, before + 2))
    await grace.disconnect()
    await eventually(lambda: _equals(count, before + 1))


async def _equals(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await count() == wanted


async def test_the_echo_needs_nobody(live_switchboard: Serve) -> None:
    async with Client(live_switchboard.address) as nobody:
        hello = await nobody.connect("/ws/echo/", origin=None)
        assert hello["user"] is None
        await nobody.send_text("not JSON, and it need not be")
        await nobody.assert_event("echo", text="not JSON, and it need not be")


async def test_a_bad_command_costs_nothing(guest: Guest) -> None:
    ada = await guest("Ada")
    await ada.connect()
    for frame, code in (
        ("{", "bad_message"),
        ("[]", "bad_message"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"send"}', "bad_message"),
        ("[" * 5000, "bad_message"),
        ('{"type":"ping","ref":"' + "x" * 70_000 + '"}', "too_long"),
    ):
        await ada.send_text(frame)
        await ada.assert_event("error", code=code)
    ref = await ada.send_command("send", room="lobby", id=str(uuid.uuid4()), body="too early")
    await ada.assert_failed(ref, "not_joined")
    assert (await ada.call("ping"))["type"] == "pong"


def test_every_page_is_there(live_switchboard: Serve) -> None:
    with httpx.Client(base_url=live_switchboard.address, trust_env=False, follow_redirects=True) as http:
        assert http.get("/").status_code == 200
        http.post("/api/session/", json={"name": "Ada"})
        for path in ("/", "/rooms/lobby/", "/roulette/", "/console/", "/boards/", "/boards/counter/", "/admin/login/"):
            page = http.get(path)
            assert page.status_code == 200, path
            assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert http.get("/rooms/there-is-none/").status_code == 404
        assert http.get("/healthz").status_code == 200
