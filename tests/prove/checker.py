"""Judges a run: what everybody received against what was acknowledged and what the table has. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tests.prove.record import Log, Reading, Record, Row, Said, State, Table

#: lost: never received though it is in the table. doubled: received twice, or stored twice. reordered: after
#: a later change. invented: nobody said it. unkept: acknowledged, but not in the table. diverged: two tell
#: different things of the same change.
KINDS: Final = ("lost", "doubled", "reordered", "invented", "unkept", "diverged")


class Violation(NamedTuple):
    """A broken promise; `at` is the time of what it is about (a message said, or one received)."""

    kind: str
    room: str
    person: str
    what: str
    at: float


def check(record: Record, table: Table) -> list[Violation]:
    """Return everything in a run that the product promises not to do (docs/reliability.md)."""
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
    return found


class Sayings:
    """What was said, by what it was about."""

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
        """Return why nobody's commands can have led to `state`; "" when they can."""
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
    """The table itself: dense seqs, a rev of its own for each row, nothing that nobody said."""
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
    """Everything acknowledged is in the table, where the ack says."""
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
    """The newest acknowledged edit, deletion and reaction of each message are in force."""
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
    """The same change is the same for everybody, somebody said it, and the table has it."""
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
                yield Violation("diverged", reading.room, reading.person, what, at)


def _check_state(
    reading: Reading, log: Log, sayings: Sayings, rev: int, state: State, at: float
) -> Iterator[Violation]:
    row = log.rows.get(state.seq)
    if why := sayings.explains(reading.room, state):
        yield Violation("invented", reading.room, reading.person, f"change {rev}, message {state.seq}: {why}", at)
    elif row is None or rev > row.rev:
        what = f"change {rev} of message {state.seq} is not in the table"
        yield Violation("invented", reading.room, reading.person, what, at)
    elif (row.state.id, row.state.sender) != (state.id, state.sender):
        what = f"message {state.seq} came as {state.id} and is {row.state.id} in the table"
        yield Violation("diverged", reading.room, reading.person, what, at)


def check_order(reading: Reading) -> Iterator[Violation]:
    """Each change once, in order of rev; each message under one seq."""
    place, seen = reading.base, set[int]()
    seqs = {(state.sender, state.id): state.seq for _, state in reading.given}
    for item in reading.got:
        what = f"change {item.rev} of message {item.state.seq}, at place {place}"
        if item.rev in seen or item.rev <= reading.base:
            yield Violation("doubled", reading.room, reading.person, what, item.at)
        elif item.rev < place:
            yield Violation("reordered", reading.room, reading.person, what, item.at)
        seen.add(item.rev)
        place = max(place, item.rev)
        if seqs.setdefault((item.state.sender, item.state.id), item.state.seq) != item.state.seq:
            what = f"{item.state.id} came as message {item.state.seq} too"
            yield Violation("doubled", reading.room, reading.person, what, item.at)


def check_completeness(reading: Reading, log: Log, sayings: Sayings) -> Iterator[Violation]:
    """What the client has in the end is what the table has.

    An earlier change may be missing only when a later one of the same message came: the last one of each
    message must have come, and it tells the whole message.
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
                reading.person,
                f"change {row.rev} of message {seq} (has {rev or 'nothing'} of it)",
                _last_said(sayings, reading.room, row),
            )
        elif state != row.state:
            what = f"message {seq} at {rev} is {state} here and {row.state} in the table"
            yield Violation("diverged", reading.room, reading.person, what, 0)


def _last_said(sayings: Sayings, room: str, row: Row) -> float:
    """Return when the change that a row is at was said, as far as that is known."""
    post = sayings.post_of(room, row.state)
    candidates = [post] if post is not None else []
    for each in [*candidates, *sayings.changes.get((room, row.state.seq), [])]:
        if any(answer.rev == row.rev for answer in each.answers):
            return each.at
    return post.at if post is not None else 0.0
