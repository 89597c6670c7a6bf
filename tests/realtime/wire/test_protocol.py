import json
import math
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side, State

from realtime.wire import protocol
from realtime.wire.protocol import Close, Command, CommandError, Frame, Number, Parser, Ping, Ref, Refused, text_frame

CODES = {"bad_message", "unknown_type"}


class Post(Command, tag="post"):
    body: str
    to: Number = 0
    on: bool | None = None
    answer: Ref | None = None


class Turn(Command, tag="turn"):
    degrees: float


parser = Parser(Post | Turn)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)
#: Objects that look much like commands.
commands = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["post", "turn", "ping", "nope", ""]) | values,
        "ref": st.text(max_size=70) | values,
        "body": values,
        "to": st.integers() | values,
        "degrees": values,
        "else": values,
    },
)


def nested(levels: int, core: str = "1") -> str:
    return "[" * levels + core + "]" * levels


def refusal(text: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        parser.parse(text)
    return caught.value


def assert_answered(text: str) -> None:
    """Assert that `text`, whatever it is, gives a command or an error that can be sent."""
    error = command = None
    try:
        command = parser.parse(text)
    except CommandError as caught:
        error = caught
    if error:
        assert error.code in CODES
        assert error.detail
        json.loads(protocol.encode(error.event()))
    else:
        assert isinstance(command, Post | Turn | Ping)
        assert command.ref is None or ("\0" not in command.ref and len(command.ref) <= 64)


# Commands


def test_a_command_becomes_a_struct() -> None:
    assert parser.parse('{"type":"post","ref":"r1","body":"Hi","to":3,"new":[1]}') == Post(ref="r1", body="Hi", to=3)


def test_ping_is_known_everywhere() -> None:
    assert parser.parse('{"type":"ping","ref":"1"}') == Ping(ref="1")
    assert Parser(Ping).parse('{"type":"ping"}') == Ping()


@given(st.text())
@example("\ud800")
@example('{"type":"ping","ref":"\udcff"}')
@example('{"type":"post","body":"\\ud800"}')
@example('{"type":"ping","x":NaN}')
@example('{"type":"ping","x":-Infinity}')
@example('{"type":"ping","x":1e999}')
@example('{"type":"post","body":"x","to":' + "9" * 5000 + "}")
@example('{"type":"nope","ref":' + "9" * 5000 + "}")
@example("\ufeff{}")
@example('{"type":"ping"} {"type":"ping"}')
def test_no_text_breaks_the_parser(text: str) -> None:
    assert_answered(text)


@given(st.binary())
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    assert_answered(raw.decode("utf-8", "surrogateescape"))


@given(commands | values)
def test_no_json_breaks_the_parser(value: Any) -> None:
    assert_answered(json.dumps(value))
    assert_answered(json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize("core", ["1", '"\\u0000"', '{"a":"\\u0000"}', '"'])
@pytest.mark.parametrize("levels", [100, 450, 490, 900, 990, 5_000, 60_000])
def test_no_nesting_breaks_the_parser(levels: int, core: str) -> None:
    for text in (nested(levels, core), f'{{"type":"ping","x":{nested(levels, core)}}}'):
        assert_answered(text)
    assert_answered('{"type":"ping","x":' * levels)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ('{"type":"post","ref":"r1"}', "r1"),
        ('{"type":"post","ref":"r1","body":5}', "r1"),
        ('{"body":5,"to":"x","ref":"r1","type":"post"}', "r1"),
        ('{"type":"post","body":"x","to":-1,"ref":"r1"}', "r1"),
        ('{"type":"post","body":"x","to":9007199254740992,"ref":"r1"}', "r1"),
        ('{"type":"post","body":"x","to":1e400,"ref":"r1"}', "r1"),
        ('{"type":"post","body":"x","to":' + "9" * 5000 + ',"ref":"r1"}', "r1"),
        ('{"type":"post","body":"\\u0000","ref":"r1"}', "r1"),
        ('{"type":5,"ref":"r1"}', "r1"),
        ('{"ref":"r1"}', "r1"),
        ('{"type":"post","ref":"' + "r" * 64 + '"}', "r" * 64),
        ('{"type":"post","ref":"' + "r" * 65 + '"}', None),
        ('{"type":"post","ref":7}', None),
        ('{"type":"post","ref":"r1"', None),
        ("[]", None),
    ],
)
def test_a_faulty_command_keeps_its_ref_where_it_can_be_read(text: str, ref: str | None) -> None:
    error = refusal(text)
    assert (error.code, error.event()["ref"]) == ("bad_message", ref)


def test_an_unknown_type_is_named() -> None:
    error = refusal('{"type":"sned","ref":"r1"}')
    assert (error.code, error.ref) == ("unknown_type", "r1")
    assert "'sned'" in error.detail


def test_the_name_of_an_unknown_type_is_cut() -> None:
    assert len(refusal(json.dumps({"type": "x" * 60_000})).detail) < 200


@pytest.mark.parametrize("text", ['{"type":"nope","x":NaN}', '{"type":"nope","x":1', "{", "", "nope"])
def test_what_is_not_json_is_said_to_be_so(text: str) -> None:
    error = refusal(text)
    assert error.code == "bad_message"
    assert error.detail.startswith("Not valid JSON: ")
    assert "$.type" not in error.detail


def test_nul_is_refused_wherever_it_stands() -> None:
    for text in (
        '{"type":"ping","ref":"\\u0000"}',
        '{"type":"ping","x":{"\\u0000":1}}',
        '{"type":"ping","x":' + nested(900, '"a\\u0000b"') + "}",
    ):
        assert "NUL" in refusal(text).detail
    written = '{"type":"post","body":"\\\\u0000"}'  # the six characters, not NUL itself
    assert parser.parse(written) == Post(body="\\u0000")


# JSON


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "NaN",
        "[Infinity]",
        "1e999",
        "{'a':1}",
        "[1,]",
        "\ufeff1",
        '"\\ud800"',
        '"\ud800"',
        '"\\u0000"',
        '"\0"',
        "1" * 5000,
        nested(450, '"\\u0000"'),
        nested(990, '"\\u0000"'),
        nested(60_000),
        "[" * 60_000,
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'["\\u0000"]',
    ],
)
def test_what_a_database_cannot_keep_is_refused_with_a_sentence(raw: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^Not valid.*\.$"):
        protocol.decode_json(raw)


@given(values)
def test_json_comes_back_as_it_was(value: Any) -> None:
    text = json.dumps(value)
    if "\\u0000" in text or "NaN" in text or "Infinity" in text or "\\ud" in text:
        return
    decoded = protocol.decode_json(text)
    assert decoded == json.loads(text)
    assert protocol.decode_json(text.encode()) == decoded


def test_encoding_is_compact_and_plain() -> None:
    assert (
        protocol.encode({"type": "x", "list": [1, None], "text": "é👍"}) == '{"type":"x","list":[1,null],"text":"é👍"}'
    )


def test_times_are_utc_with_milliseconds() -> None:
    east = timezone(timedelta(hours=2))
    assert protocol.timestamp(datetime(2026, 1, 2, 3, 4, 5, 678_999, east)) == "2026-01-02T01:04:05.678Z"
    assert protocol.timestamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000Z"


# Errors


def test_an_error_event_has_what_a_client_needs() -> None:
    assert CommandError("busy", "Wait.", 1.23456).event("r1") == {
        "type": "error",
        "ref": "r1",
        "code": "busy",
        "detail": "Wait.",
        "retry_after": 1.235,
    }
    assert CommandError("conflict", "No.").event() == {
        "type": "error",
        "ref": None,
        "code": "conflict",
        "detail": "No.",
    }


def test_a_refusal_carries_its_error() -> None:
    refused = Refused(Close.SIGN_IN, "forbidden", "Sign in first.")
    assert (refused.close, refused.error.code, str(refused)) == (4401, "forbidden", "Sign in first.")


# Frames, against another parser


def read_frames(data: bytes) -> list[tuple[Opcode, bytes, bool]]:
    """Return the frames that the websockets library reads from `data`, given in pieces."""
    client = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    chance = random.Random(len(data))
    frames = []
    while data:
        size = chance.choice([1, 2, 5, 4096, 100_000])
        client.receive_data(data[:size])
        data = data[size:]
        frames += client.events_received()
    assert client.parser_exc is None
    return [(frame.opcode, bytes(frame.data), frame.fin) for frame in frames]  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 300_000])
def test_a_text_frame_is_what_another_library_reads(size: int) -> None:
    payload = b"x" * size
    assert read_frames(text_frame(payload) + text_frame(b"next")) == [
        (Opcode.TEXT, payload, True),
        (Opcode.TEXT, b"next", True),
    ]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_joined_frames_are_read_one_by_one(texts: list[str]) -> None:
    frames = [Frame(text) for text in texts]
    data = b"".join(frame.wire for frame in frames)
    assert [payload.decode() for _, payload, _ in read_frames(data)] == texts
    assert sum(map(len, frames)) == len(data)


def test_largest_is_exact_in_every_reader() -> None:
    assert float(protocol.LARGEST) == protocol.LARGEST
    assert math.nextafter(protocol.LARGEST, math.inf) == protocol.LARGEST + 1
