"""The checker finds each kind of violation, and nothing else."""

from collections.abc import Callable

import pytest

from tests.prove.checker import KINDS, PROMPT, check
from tests.prove.record import (
    Answer,
    Calm,
    LastMessage,
    Log,
    Outlook,
    Reading,
    Received,
    Record,
    Removal,
    Row,
    Said,
    State,
    Table,
)
from tests.prove.report import MUST_BE_ZERO

ADA, GRACE = 1, 2


def state(seq: int, body: str = "", **fields: object) -> State:
    plain = State(seq, f"id-{seq}", ADA, body or f"text {seq}", "<p>", False, False, None, ())
    return plain._replace(**fields)  # type: ignore[arg-type]


def run() -> tuple[Record, Table]:
    """Three messages by Ada; the first edited, the second reacted to by Grace, the third deleted: revs 1 to 6.

    All is calm up to second 4. Message 3 was the last of its process. Bo was taken out at 20, cut off, and let in
    again at 30. In the end Ada and Grace are there.
    """
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
    told = [("message", 20.4), ("left", 20.5)]
    record = Record(
        said=[*said, edit, react, delete],
        readings=[whole, late, fresh],
        calms=[Calm(0, 4)],
        last_messages=[LastMessage("lobby", "id-3", 4.0, ("ada",))],
        removals=[Removal("bo", "lobby", grace=2.0, gone=20, back=30, told=told)],
    )
    there = {"lobby": frozenset({ADA, GRACE}), "cellar": frozenset({ADA})}
    record.outlooks = [
        Outlook("ada", there, {"lobby": (6, 3)}, there),
        Outlook("grace", {"lobby": there["lobby"]}, {"lobby": (6, 3)}, there),
    ]
    return record, {"lobby": Log(6, 3, rows)}


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


def deliver_late_while_all_is_calm(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[2] = got[2]._replace(at=3 + PROMPT + 0.1)


def leave_last_messages_to_the_comparison(record: Record, table: Table) -> None:
    got = record.readings[0].got
    got[3] = got[3]._replace(at=4 + PROMPT + 0.1)
    got[5] = got[5]._replace(at=4 + PROMPT + 0.2)


def lose_last_messages(record: Record, table: Table) -> None:
    record.last_messages[0] = record.last_messages[0]._replace(id="id-4")


def tell_one_who_has_left(record: Record, table: Table) -> None:
    record.removals[0].told.append(("typing", 20.6))


def tell_a_heads_event_to_one_who_has_left(record: Record, table: Table) -> None:
    record.removals[0].told.append(("heads", 29.0))


def acknowledge_to_one_who_has_long_left(record: Record, table: Table) -> None:
    record.removals[0].told.append(("ack", 22.0))


def do_not_say_that_one_has_left(record: Record, table: Table) -> None:
    record.removals[0].told[:] = [("message", 22.1)]


def resume_one_who_is_no_member(record: Record, table: Table) -> None:
    record.removals[0].told.append(("joined", 25.0))


def resume_one_who_is_no_member_while_other_things_go_wrong(record: Record, table: Table) -> None:
    record.removals[0].grace = None
    record.removals[0].told.append(("joined", 25.0))


def believe_in_a_ghost(record: Record, table: Table) -> None:
    record.outlooks[0].present["lobby"] |= {3}


def overlook_somebody(record: Record, table: Table) -> None:
    record.outlooks[1].present["lobby"] = frozenset({GRACE})


def count_as_unread_what_is_read(record: Record, table: Table) -> None:
    record.outlooks[0].heads["lobby"] = (6, 4)


def never_hear_how_far_a_room_is(record: Record, table: Table) -> None:
    record.outlooks[1].heads["lobby"] = (0, 0)


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
        ("late", deliver_late_while_all_is_calm),
        ("late", leave_last_messages_to_the_comparison),
        ("late", lose_last_messages),
        ("leaked", tell_one_who_has_left),
        ("leaked", tell_a_heads_event_to_one_who_has_left),
        ("leaked", acknowledge_to_one_who_has_long_left),
        ("leaked", do_not_say_that_one_has_left),
        ("leaked", resume_one_who_is_no_member),
        ("leaked", resume_one_who_is_no_member_while_other_things_go_wrong),
        ("stale", believe_in_a_ghost),
        ("stale", overlook_somebody),
        ("stale", count_as_unread_what_is_read),
        ("stale", never_hear_how_far_a_room_is),
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


def test_what_is_late_while_something_is_wrong_may_be_late() -> None:
    record, table = run()
    deliver_late_while_all_is_calm(record, table)
    record.calms.clear()
    assert check(record, table) == []


def test_the_last_answer_may_follow_the_news_of_the_end() -> None:
    record, table = run()
    record.removals[0].told.append(("ack", 20.6))
    assert check(record, table) == []


def test_a_member_who_is_let_in_again_is_told_everything() -> None:
    record, table = run()
    record.removals[0].told += [("joined", 30.1), ("message", 31.0)]
    assert check(record, table) == []


def test_every_kind_of_violation_is_counted() -> None:
    assert sorted(kind for kinds in MUST_BE_ZERO.values() for kind in kinds) == sorted(KINDS)


def test_a_violation_says_where_and_when() -> None:
    record, table = run()
    lose_a_live_event(record, table)
    [violation] = check(record, table)
    assert (violation.room, violation.client, violation.at) == ("lobby", "ada", 5)
    assert "change 5 of message 2" in violation.what
