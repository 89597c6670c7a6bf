"""The checker objects to each kind of violation, and to nothing else."""

from collections.abc import Callable

import pytest

from tests.prove.checker import check
from tests.prove.record import Answer, Log, Reading, Received, Record, Row, Said, State, Table

ADA, GRACE = 1, 2


def state(seq: int, body: str = "", **fields: object) -> State:
    plain = State(seq, f"id-{seq}", ADA, body or f"text {seq}", "<p>", False, False, None, ())
    return plain._replace(**fields)  # type: ignore[arg-type]


def run() -> tuple[Record, Table]:
    """Three messages by Ada; the first edited, the second reacted to by Grace, the third deleted: revs 1 to 6."""
    said = [Said(ADA, "lobby", "send", id=f"id-{seq}", body=f"text {seq}", at=seq, tries=1) for seq in (1, 2, 3)]
    for each, rev in zip(said, (1, 2, 4), strict=True):
        each.answers.append(Answer(rev - (rev == 4), rev, rev + 0.1))
    edit = Said(ADA, "lobby", "edit", seq=1, body="better", at=3, tries=1, answers=[Answer(1, 3, 3.1)])
    react = Said(GRACE, "lobby", "react", seq=2, emoji="👍", at=5, tries=1, answers=[Answer(2, 5, 5.1)])
    delete = Said(ADA, "lobby", "delete", seq=3, at=6, tries=1, answers=[Answer(3, 6, 6.1)])
    states = [
        state(1),
        state(2),
        state(1, "better", edited=True),
        state(3),
        state(2, reactions=(("👍", (GRACE,)),)),
        state(3, deleted=True)._replace(body=""),
    ]
    whole = Reading("ada", "lobby", got=[Received(rev, each, float(rev)) for rev, each in enumerate(states, 1)])
    late = Reading("grace", "lobby", base=2, got=[Received(rev, states[rev - 1], 9.0, live=False) for rev in (3, 5, 6)])
    fresh = Reading("bo", "lobby", base=5, given=[(3, states[2]), (5, states[4]), (4, states[3])])
    fresh.got.append(Received(6, states[5], 6.0))
    rows = {1: Row(3, 1, states[2]), 2: Row(5, 2, states[4]), 3: Row(6, 4, states[5])}
    return Record(said=[*said, edit, react, delete], readings=[whole, late, fresh]), {"lobby": Log(6, 3, rows)}


def test_a_clean_run_is_clean() -> None:
    assert check(*run()) == []


Seed = Callable[[Record, Table], None]


def lose_a_live_event(record: Record, table: Table) -> None:
    del record.readings[0].got[4]


def lose_in_a_resume(record: Record, table: Table) -> None:
    del record.readings[1].got[0]


def lose_after_a_snapshot(record: Record, table: Table) -> None:
    record.readings[2].got.clear()


def lose_in_the_table(record: Record, table: Table) -> None:
    table["lobby"].seq += 1


def double_an_event(record: Record, table: Table) -> None:
    record.readings[0].got.append(record.readings[0].got[-1])


def double_what_a_resume_had(record: Record, table: Table) -> None:
    record.readings[1].got.insert(0, Received(2, state(2), 9.0))


def double_a_message_under_another_seq(record: Record, table: Table) -> None:
    again = state(4, "text 1", id="id-1")
    record.readings[0].got.append(Received(7, again, 9.0))


def double_a_row(record: Record, table: Table) -> None:
    log = table["lobby"]
    log.rows[4] = Row(7, 7, state(4, "text 1", id="id-1"))
    log.rev, log.seq = 7, 4


def reorder(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[1], got[2] = got[2], got[1]


def invent_a_message(record: Record, table: Table) -> None:
    record.readings[0].got.append(Received(7, state(4), 9.0))


def invent_a_text(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[0] = got[0]._replace(state=state(1, "never written"))


def invent_a_deletion(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[1] = got[1]._replace(state=state(2, deleted=True)._replace(body=""))


def invent_a_reaction(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[1] = got[1]._replace(state=state(2, reactions=(("👎", (GRACE,)),)))


def invent_what_is_not_in_the_table(record: Record, table: Table) -> None:
    record.readings[0].got.append(Received(7, state(2), 9.0))


def invent_a_row(record: Record, table: Table) -> None:
    log = table["lobby"]
    log.rows[4] = Row(7, 7, state(4))
    log.rev, log.seq = 7, 4


def ack_what_is_not_there(record: Record, table: Table) -> None:
    record.said.append(Said(GRACE, "lobby", "send", id="id-4", body="text 4", tries=1, answers=[Answer(4, 7, 9.0)]))


def ack_as_another_message(record: Record, table: Table) -> None:
    record.said[0].answers.append(Answer(2, 2, 9.0))


def ack_another_rev_the_second_time(record: Record, table: Table) -> None:
    record.said[0].answers.append(Answer(1, 3, 9.0, duplicate=True))


def ack_an_edit_that_is_not_in_force(record: Record, table: Table) -> None:
    record.said.append(
        Said(ADA, "lobby", "edit", seq=1, body="best", at=7, tries=1, answers=[Answer(1, 3, 7.1)]),
    )


def ack_a_reaction_that_is_not_in_force(record: Record, table: Table) -> None:
    record.said.append(Said(ADA, "lobby", "react", seq=2, emoji="👍", at=7, tries=1, answers=[Answer(2, 5, 7.1)]))


def end_in_another_state(record: Record, table: Table) -> None:
    row = table["lobby"].rows[1]
    table["lobby"].rows[1] = row._replace(state=row.state._replace(html="<p>another"))


def tell_two_things_of_one_change(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[2] = got[2]._replace(state=got[2].state._replace(html="<p>another"))


def number_two_rows_alike(record: Record, table: Table) -> None:
    rows = table["lobby"].rows
    rows[1] = rows[1]._replace(rev=6)


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("lost", lose_a_live_event),
        ("lost", lose_in_a_resume),
        ("lost", lose_after_a_snapshot),
        ("lost", lose_in_the_table),
        ("doubled", double_an_event),
        ("doubled", double_what_a_resume_had),
        ("doubled", double_a_message_under_another_seq),
        ("doubled", double_a_row),
        ("reordered", reorder),
        ("invented", invent_a_message),
        ("invented", invent_a_text),
        ("invented", invent_a_deletion),
        ("invented", invent_a_reaction),
        ("invented", invent_what_is_not_in_the_table),
        ("invented", invent_a_row),
        ("unkept", ack_what_is_not_there),
        ("unkept", ack_as_another_message),
        ("unkept", ack_another_rev_the_second_time),
        ("unkept", ack_an_edit_that_is_not_in_force),
        ("unkept", ack_a_reaction_that_is_not_in_force),
        ("diverged", end_in_another_state),
        ("diverged", tell_two_things_of_one_change),
        ("diverged", number_two_rows_alike),
    ],
)
def test_it_objects(kind: str, seed: Seed) -> None:
    record, table = run()
    seed(record, table)
    assert kind in {violation.kind for violation in check(record, table)}


def test_a_change_may_be_missing_that_a_later_one_replaced() -> None:
    record, table = run()
    del record.readings[0].got[0]
    assert check(record, table) == []


def test_what_was_never_acknowledged_may_be_in_the_table_or_not() -> None:
    record, table = run()
    record.said[2].answers.clear()
    record.said.append(Said(GRACE, "lobby", "send", id="id-9", body="text 9", tries=1))
    assert check(record, table) == []


def test_a_refused_change_need_not_be_in_force() -> None:
    record, table = run()
    record.said.append(Said(ADA, "lobby", "edit", seq=3, body="too late", tries=1, refused="not_found"))
    assert check(record, table) == []


def test_a_violation_says_where_and_when() -> None:
    record, table = run()
    lose_a_live_event(record, table)
    [violation] = check(record, table)
    assert (violation.room, violation.person, violation.at) == ("lobby", "ada", 5)
    assert "change 5 of message 2" in violation.what
