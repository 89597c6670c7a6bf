"""The quote beside a reply: who said the message that it answers, and how that message begins."""

from collections.abc import Iterable
from typing import Any, Final

from accounts.models import User, person_on_wire
from chat.models import Message
from realtime.storage import bulk

#: Characters of a quote, which is shown in a single row.
LONGEST: Final = 140

Quote = dict[str, Any]
Key = tuple[int, int]  # room id, seq


def quote(seq: int, rev: int, sender: dict[str, Any], body: str, deleted: bool) -> Quote:
    """Return the quote of a message in its state after change `rev`, in the form of `docs/protocol.md`."""
    text = "" if deleted else " ".join(body[: 4 * LONGEST].split())[:LONGEST]
    return {"seq": seq, "rev": rev, "sender": sender, "text": text, "deleted": deleted}


def read(keys: Iterable[Key]) -> dict[Key, Quote]:
    """Return the present quotes of these messages, with two statements for all (none when there are no messages)."""
    give = ("room", "seq", "rev", "sender", "body", "deleted_at")
    rows = bulk.find(Message, ("room", "seq"), set(keys), give)
    people = bulk.find(User, ("id",), {(row[3],) for row in rows}, ("id", "name", "kind"))
    senders = {pk: person_on_wire(pk, name, kind) for pk, name, kind in people}
    return {
        (room, seq): quote(seq, rev, senders[sender], body, deleted_at is not None)
        for room, seq, rev, sender, body, deleted_at in rows
    }
