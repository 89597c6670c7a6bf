"""The pure parts of the benchmark: what it counts, and what it makes of that."""

import json
import math
import random

import pytest

from benchmarks.dialects import DIALECTS, MESSAGE_BYTES, WORD, body, number_in
from benchmarks.load import out_of_order
from benchmarks.measure import Spread, percentile
from benchmarks.wire import PING, TEXT, FrameReader, MarkerCounter, WireError, text_frame


def server_frame(payload: bytes, first: int = 0x81) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65536:
        return bytes([first, 126]) + size.to_bytes(2) + payload
    return bytes([first, 127]) + size.to_bytes(8) + payload


def pieces(data: bytes, seed: int) -> list[bytes]:
    """Cut `data` at random places, often into single bytes."""
    rng = random.Random(seed)
    cut = []
    while data:
        size = rng.choice([1, 1, 2, 3, 10, 100, 1000])
        cut.append(data[:size])
        data = data[size:]
    return cut


# Counting


@pytest.mark.parametrize("seed", range(20))
def test_markers_across_reads_count_once(seed: int) -> None:
    counter = MarkerCounter(WORD)
    stream = b"".join(server_frame(DIALECTS["plain"].say("", number)) for number in range(50))
    counted, tail = 0, b""
    for piece in pieces(stream, seed):
        counter.view[: len(piece)] = piece
        found, tail = counter.count(len(piece), tail)
        counted += found
    assert counted == 50


def test_connections_that_share_the_buffer_do_not_mix() -> None:
    counter = MarkerCounter(b"abcd")
    tails = {"one": b"", "two": b""}
    counted = {"one": 0, "two": 0}
    for name, piece in [("one", b"xab"), ("two", b"cd"), ("one", b"cd"), ("two", b"abcdab"), ("one", b"ab")]:
        counter.view[: len(piece)] = piece
        found, tails[name] = counter.count(len(piece), tails[name])
        counted[name] += found
    assert counted == {"one": 1, "two": 1}


def test_the_tail_never_holds_a_whole_marker() -> None:
    counter = MarkerCounter(b"aa")
    counter.view[:2] = b"aa"
    found, tail = counter.count(2, b"")
    assert (found, tail) == (1, b"a")


# Parsing


@pytest.mark.parametrize("seed", range(20))
def test_frames_are_read_however_they_are_cut(seed: int) -> None:
    payloads = [b"", b"x", b"y" * 125, b"z" * 126, b"a" * 65535, b"b" * 65536, "ü".encode()]
    stream = b"".join(server_frame(payload) for payload in payloads) + server_frame(b"p", 0x89)
    reader = FrameReader()
    read = [frame for piece in pieces(stream, seed) for frame in reader.feed(piece)]
    assert read == [*((TEXT, payload) for payload in payloads), (PING, b"p")]
    assert reader.rest == b""


def test_fragments_are_joined_around_control_frames() -> None:
    stream = server_frame(b"one ", 0x01) + server_frame(b"", 0x89) + server_frame(b"two", 0x80)
    assert FrameReader().feed(stream) == [(PING, b""), (TEXT, b"one two")]


@pytest.mark.parametrize(
    "stream",
    [
        b"\x81\x81\0\0\0\0x",  # masked
        b"\xc1\x01x",  # a reserved bit
        b"\x81\x7e\x00\x01x",  # a length of one in three bytes
        b"\x80\x01x",  # a continuation of nothing
        b"\x01\x01x\x81\x01y",  # a beginning within a message
        b"\x09\x00",  # a fragmented ping
    ],
)
def test_what_a_server_may_not_send_is_refused(stream: bytes) -> None:
    with pytest.raises(WireError):
        FrameReader().feed(stream)


def test_our_frames_are_masked_with_zeros() -> None:
    assert text_frame(b"hi") == b"\x81\x82\0\0\0\0hi"
    assert text_frame(b"x" * 200)[:8] == b"\x81\xfe\x00\xc8\0\0\0\0"


# What is said


@pytest.mark.parametrize("number", [0, 7, 9_999_999])
def test_messages_are_equally_long_and_carry_their_number_and_one_marker(number: int) -> None:
    payload = DIALECTS["plain"].say("bench", number)
    assert len(payload) == MESSAGE_BYTES
    assert payload.count(WORD) == 1
    assert number_in(payload) == number
    assert json.loads(payload)["message"] == body(number)


def test_ours_are_told_from_acks() -> None:
    marker = DIALECTS["switchboard"].marker
    assert marker in b'{"type":"message","room":"bench"}'
    assert marker not in b'{"type":"ack","room":"bench"}'


# Order


@pytest.mark.parametrize(
    ("order", "wrong"), [([1, 2, 3], 0), ([2, 1, 3], 1), ([3, 1, 2], 2), ([1, 3], 0), ([1, 9, 2], 0)]
)
def test_order_is_compared_with_a_reference(order: list[int], wrong: int) -> None:
    assert out_of_order(order, [1, 2, 3]) == wrong


# Statistics


def test_percentiles_are_nearest_ranks() -> None:
    values = range(1, 101)
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7.0
    assert math.isnan(percentile([], 0.5))


def test_a_spread_is_the_median_and_both_ends() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
