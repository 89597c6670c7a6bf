"""Judges a run: compares what clients received with what was acknowledged and what the table has. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf
from typing import Final, NamedTuple

from tests.prove.record import Log, Outlook, Reading, Record, Removal, Row, Said, State, Table

#: lost: never received though it is in the table. doubled: received twice, or stored twice. reordered: after
#: a later change. invented: nobody said it. unkept: acknowledged, but not in the table. diverged: two tell
#: different things of the same change. late: it came, but only through a comparison or a resume. leaked: told to
#: one who is no member. stale: in the end somebody is wrong about who is there, or how far a room is.
KINDS: Final = ("lost", "doubled", "reordered", "invented", "unkept", "diverged", "late", "leaked", "stale")
#: Seconds after `left` in which the last acknowledgement may still come.
ANSWER: Final = 1.0
#: While nothing is wrong, everything must arrive within this many seconds; after a lost hint it takes up to 15.
PROMPT: Final = 5.0


class Violation(NamedTuple):
    """A broken promise. `at`: when the message concerned was said or received."""

    kind: str
    room: str
    client: str
    what: str
    at: float


def check(record: Record, table: Table) -> list[Violation]:
    """Return every broken promise (docs/reliability.md) in a run."""
    sayings = Sayings(record.said)
    found: list[Violation] = []
    for room, log in table.items():
        found += check_table(room, log, sayings)
    found += check_answers(record.said, table)
    found += check_changes(sayings, table)
    found += check_agreement(record.readings, table, sayings)
    for reading in record.readings:
        found += check_order(reading)
        found += check_completeness(reading, table[reading.room], sayings)
    found += check_punctuality(record)
    found += check_last_messages(record)
    found += check_privacy(record.removals)
    found += check_outlooks(record.outlooks, table)
    return found


class Sayings:
    """What was said, grouped by the message concerned."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.posts: dict[tuple[str, int, str], Said] = {}
        self.changes: dict[tuple[str, int], list[Said]] = defaultdict(list)
        for each in said:
            if each.kind == "send":
                self.posts[each.room, each.sender, each.id] = each
            else:
                self.changes[each.room, each.seq].append(each)

    def post_of(self, room: str, state: State) -> Said | None:
        return self.posts.get((room, state.sender, state.id))

    def explains(self, room: str, state: State) -> str:
        """Return why no commands can have led to `state`; "" when some can."""
        post = self.post_of(room, state)
        if post is None:
            return "nobody sent it"
        if state.reply_to != post.reply_to:
            return f"a reply to {state.reply_to}, but {post.reply_to} was meant"
        changes = [each for each in self.changes[room, state.seq] if each.tries]
        if state.deleted:
            if not any(each.kind == "delete" and each.sender == state.sender for each in changes):
                return "its sender never deleted it"
            return "a deleted message with a text" if state.body else ""
        bodies = {each.body for each in changes if each.kind == "edit" and each.sender == state.sender}
        if state.body not in bodies | {post.body}:
            return f"its sender never wrote {state.body!r}"
        reacted = {(each.emoji, each.sender) for each in changes if each.kind == "react" and each.on}
        for emoji, users in state.reactions:
            for user in users:
                if (emoji, user) not in reacted:
                    return f"user {user} never reacted with {emoji}"
        return ""


def check_table(room: str, log: Log, sayings: Sayings) -> Iterator[Violation]:
    """Check the table: seqs without gaps, a unique rev for each row, and no row that nobody said."""
    if sorted(log.rows) != list(range(1, log.seq + 1)):
        yield Violation("lost", room, "table", f"seqs are not 1 to {log.seq}", 0)
    revs = [row.rev for row in log.rows.values()]
    if len(set(revs)) != len(revs) or max(revs, default=0) != log.rev:
        yield Violation("diverged", room, "table", f"revs do not fit the head {log.rev}", 0)
    ids: dict[tuple[int, str], int] = {}
    for seq, row in log.rows.items():
        if why := sayings.explains(room, row.state):
            yield Violation("invented", room, "table", f"message {seq}: {why}", 0)
        other = ids.setdefault((row.state.sender, row.state.id), seq)
        if other != seq:
            yield Violation("doubled", room, "table", f"messages {other} and {seq} are the same", 0)


def check_answers(said: Iterable[Said], table: Table) -> Iterator[Violation]:
    """Check that everything acknowledged is in the table, at the numbers of its ack."""
    for each in said:
        rows = table[each.room].rows
        for answer in each.answers:
            row = rows.get(answer.seq)
            if row is None or row.rev < answer.rev:
                yield _unkept(each, f"{each.kind} acknowledged as {answer.seq} at {answer.rev} is not in the table")
            elif each.kind == "send" and (row.state.id, row.state.sender) != (each.id, each.sender):
                yield _unkept(each, f"{each.id} acknowledged as {answer.seq}, which is another message")
            elif each.kind == "send" and row.posted_rev != answer.rev:
                yield _unkept(each, f"acknowledged at {answer.rev}, posted at {row.posted_rev}")


def _unkept(said: Said, what: str) -> Violation:
    return Violation("unkept", said.room, f"user {said.sender}", what, said.at)


def check_changes(sayings: Sayings, table: Table) -> Iterator[Violation]:
    """Check that the newest acknowledged edit, deletion and reaction of each message is in effect."""
    for (room, seq), changes in sayings.changes.items():
        row = table[room].rows.get(seq)
        if row is None:
            continue  # seen elsewhere, if it was acknowledged
        texts = [each for each in changes if each.kind != "react" and not each.refused]
        if texts and all(each.answers for each in texts):
            last = texts[-1]
            wanted = ("", True) if last.kind == "delete" else (last.body, False)
            if (row.state.body, row.state.deleted) != wanted:
                yield _unkept(last, f"the {last.kind} of message {seq} is not in force")
        if not row.state.deleted:
            yield from _check_reactions(seq, changes, row)


def _check_reactions(seq: int, changes: Iterable[Said], row: Row) -> Iterator[Violation]:
    last = {(each.emoji, each.sender): each for each in changes if each.kind == "react" and not each.refused}
    there = {(emoji, user) for emoji, users in row.state.reactions for user in users}
    for key, each in last.items():
        if each.answers and (key in there) != each.on:
            yield _unkept(each, f"the reaction {each.emoji} of message {seq} is not in force")


def check_agreement(readings: Iterable[Reading], table: Table, sayings: Sayings) -> Iterator[Violation]:
    """Check that a change is the same for everybody, that somebody said it, and that the table has it."""
    known: dict[tuple[str, int], State] = {}
    for reading in readings:
        log = table[reading.room]
        received = [(rev, state, 0.0) for rev, state in reading.given]
        received += [(item.rev, item.state, item.at) for item in reading.got]
        for rev, state, at in received:
            first = known.get((reading.room, rev))
            if first is None:
                known[reading.room, rev] = state
                yield from _check_state(reading, log, sayings, rev, state, at)
            elif first is not state and first != state:
                what = f"change {rev} is {state.body!r} here and {first.body!r} elsewhere"
                yield Violation("diverged", reading.room, reading.client, what, at)


def _check_state(
    reading: Reading, log: Log, sayings: Sayings, rev: int, state: State, at: float
) -> Iterator[Violation]:
    row = log.rows.get(state.seq)
    if why := sayings.explains(reading.room, state):
        yield Violation("invented", reading.room, reading.client, f"change {rev}, message {state.seq}: {why}", at)
    elif row is None or rev > row.rev:
        what = f"change {rev} of message {state.seq} is not in the table"
        yield Violation("invented", reading.room, reading.client, what, at)
    elif (row.state.id, row.state.sender) != (state.id, state.sender):
        what = f"message {state.seq} came as {state.id} and is {row.state.id} in the table"
        yield Violation("diverged", reading.room, reading.client, what, at)


def check_order(reading: Reading) -> Iterator[Violation]:
    """Check that each change came once, in order of rev, and each message under one seq."""
    place, seen = reading.base, set[int]()
    seqs = {(state.sender, state.id): state.seq for _, state in reading.given}
    for item in reading.got:
        what = f"change {item.rev} of message {item.state.seq}, at place {place}"
        if item.rev in seen or item.rev <= reading.base:
            yield Violation("doubled", reading.room, reading.client, what, item.at)
        elif item.rev < place:
            yield Violation("reordered", reading.room, reading.client, what, item.at)
        seen.add(item.rev)
        place = max(place, item.rev)
        if seqs.setdefault((item.state.sender, item.state.id), item.state.seq) != item.state.seq:
            what = f"{item.state.id} came as message {item.state.seq} too"
            yield Violation("doubled", reading.room, reading.client, what, item.at)


def check_completeness(reading: Reading, log: Log, sayings: Sayings) -> Iterator[Violation]:
    """Check that the client ends with what the table has.

    The last change of each message, which contains the whole message, must have come. Earlier ones may be missing.
    """
    newest: dict[int, tuple[int, State]] = {state.seq: (rev, state) for rev, state in reading.given}
    for item in reading.got:
        rev, _ = newest.get(item.state.seq, (0, None))
        if item.rev >= rev:
            newest[item.state.seq] = item.rev, item.state
    for seq, row in log.rows.items():
        if row.rev <= reading.base and seq not in newest:
            continue
        rev, state = newest.get(seq, (0, None))
        if rev < row.rev:
            yield Violation(
                "lost",
                reading.room,
                reading.client,
                f"change {row.rev} of message {seq} (has {rev or 'nothing'} of it)",
                _last_said(sayings, reading.room, row),
            )
        elif state != row.state:
            what = f"message {seq} at {rev} is {state} here and {row.state} in the table"
            yield Violation("diverged", reading.room, reading.client, what, 0)


def _last_said(sayings: Sayings, room: str, row: Row) -> float:
    """Return when the last change of a row was said, if that is known."""
    post = sayings.post_of(room, row.state)
    candidates = [post] if post is not None else []
    for each in [*candidates, *sayings.changes.get((room, row.state.seq), [])]:
        if any(answer.rev == row.rev for answer in each.answers):
            return each.at
    return post.at if post is not None else 0.0


def causes(record: Record) -> dict[tuple[str, int], float]:
    """Return when each change (room, rev) was first sent, if its answer gives its number for certain."""
    found: dict[tuple[str, int], float] = {}
    for said in record.said:
        if said.answers and (said.kind == "send" or said.tries == 1):
            found.setdefault((said.room, said.answers[0].rev), said.at)
    return found


def check_punctuality(record: Record) -> Iterator[Violation]:
    """Check that, while nothing is wrong, hints arrive, so that nothing waits for a comparison with the table."""
    caused = causes(record)
    for calm in record.calms:
        for reading in record.readings:
            for item in reading.got:
                said_at = caused.get((reading.room, item.rev), 0.0)
                if calm.began <= said_at < calm.ended and item.live and item.at - said_at > PROMPT:
                    what = f"change {item.rev} took {item.at - said_at:.1f} s though nothing was wrong"
                    yield Violation("late", reading.room, reading.client, what, said_at)


def check_last_messages(record: Record) -> Iterator[Violation]:
    """Check that a process that stops writes and publishes what it had taken, so that others need not find it."""
    arrivals = {
        (reading.client, reading.room, item.state.id): item.at
        for reading in record.readings
        for item in reversed(reading.got)
    }
    for message in record.last_messages:
        for client in message.listeners:
            took = arrivals.get((client, message.room, message.id), inf) - message.free
            if took > PROMPT:
                what = f"the last message {message.id} of a process that stopped took {took:.1f} s"
                yield Violation("late", message.room, client, what, message.free)


def check_privacy(removals: Iterable[Removal]) -> Iterator[Violation]:
    """Check that a former member gets nothing of the room.

    It must come neither after `left`, nor a while after the end of the membership, nor by a resume.
    """
    for removal in removals:
        left = min((at for kind, at in removal.told if kind == "left"), default=inf)
        latest = inf if removal.grace is None else removal.gone + removal.grace
        for kind, at in removal.told:
            # The answer to a command that was taken before the end may come just after `left`.
            answer = kind == "ack" and at <= left + ANSWER
            if at < removal.back and (at > latest or (at >= left and kind != "left" and not answer)):
                what = f"{kind} came {at - removal.gone:.1f} s after the end of the membership"
                yield Violation("leaked", removal.room, removal.client, what, at)


def check_outlooks(outlooks: Iterable[Outlook], table: Table) -> Iterator[Violation]:
    """Check that in the end everybody knows who is in each room, and each room's newest numbers."""
    for outlook in outlooks:
        for room, there in outlook.there.items():
            present = outlook.present.get(room)
            if present is not None and present != there:
                what = f"wrongly there: {sorted(present - there)}; wrongly not: {sorted(there - present)}"
                yield Violation("stale", room, outlook.client, what, 0)
        for room, head in outlook.heads.items():
            if head != (table[room].rev, table[room].seq):
                what = f"the head is {head} here and {(table[room].rev, table[room].seq)} in the table"
                yield Violation("stale", room, outlook.client, what, 0)
