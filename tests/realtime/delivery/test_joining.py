"""Joining a topic: what is published between subscribing and sending is neither lost nor doubled."""

import asyncio
import random

import pytest

from realtime.delivery.hub import Hub
from realtime.delivery.joining import joining
from realtime.delivery.publish import publish
from realtime.delivery.topics import TAIL
from realtime.wire.protocol import Close
from tests.realtime.fakes import Reader, Store, assert_numbers, numbers, parts, seat, settle

LOG, VALUE = "log.1", "value.1"


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("seed", range(20))
async def test_what_is_published_meanwhile_is_neither_lost_nor_doubled(
    hub: Hub, logs: Store, reader: Reader, seed: int
) -> None:
    """Something may be published at any of five moments, and the channel layer may drop it."""
    chance = random.Random(seed)

    async def meanwhile() -> None:
        for _ in range(chance.randrange(3)):
            item = logs.post(LOG)
            if chance.random() < 0.7:
                await publish([item])
                hub.receive([item])
            if chance.random() < 0.5:
                await settle()

    await seat(hub, LOG)
    await meanwhile()
    async with joining(hub, reader, [LOG]) as join:
        await meanwhile()
        page = logs.heads_of[LOG]
        await meanwhile()
        assert reader.texts == [], "held back"
        join.tell({LOG: page})
        await meanwhile()
    await meanwhile()
    await hub.check([LOG])
    await assert_numbers(reader, *range(page + 1, logs.heads_of[LOG] + 1))


async def test_values_that_came_meanwhile_follow_the_snapshot(hub: Hub, values: Store, reader: Reader) -> None:
    async with joining(hub, reader, [VALUE]) as join:
        hub.receive(values.change(VALUE, "a"))
        snapshot = values.heads_of[VALUE]
        hub.receive(values.change(VALUE, "b"))
        assert reader.texts == []
        join.tell({VALUE: snapshot})
    assert parts(reader.texts) == [(2, "b")]


async def test_a_topic_that_the_reading_finds_is_subscribed_to_before_it_is_read_again(
    hub: Hub, values: Store, reader: Reader
) -> None:
    streams = [VALUE]

    def read_board() -> dict[str, int]:
        return {name: values.heads_of[name] for name in streams}

    async with joining(hub, reader, streams) as join:
        streams.append("value.2")
        board = read_board()
        hub.receive(values.change("value.2", "x"))  # nobody here has subscribed to it yet
        assert await join.subscribe(board)
        board = read_board()
        hub.receive(values.change("value.2", "y"))
        assert not await join.subscribe(board), "all that was read has been subscribed to before"
        join.tell(board)
    assert board == {VALUE: 0, "value.2": 1}
    assert parts(reader.texts) == [(2, "y")]


@pytest.mark.parametrize("error", [LookupError("gone"), asyncio.CancelledError()])
async def test_an_error_in_the_reading_unsubscribes(
    hub: Hub, logs: Store, values: Store, reader: Reader, error: BaseException
) -> None:
    other = await seat(hub, LOG)
    with pytest.raises(type(error)):
        async with joining(hub, reader, [LOG, VALUE, "site.news"]):
            raise error
    assert reader.topics == {}
    assert list(hub.topics) == [LOG]
    await publish([logs.post(LOG)])
    await assert_numbers(other, 1)
    assert reader.texts == []


async def test_a_topic_of_which_nothing_is_told_stays_held_back(hub: Hub, logs: Store, reader: Reader) -> None:
    """As for an incomplete page: the client asks for the next one."""
    async with joining(hub, reader, [LOG]):
        pass
    hub.receive([logs.post(LOG)])
    await settle()
    assert reader.texts == []
    async with joining(hub, reader, [LOG]) as join:
        join.tell({LOG: 0})
    assert numbers(reader) == [1]


async def test_who_was_unsubscribed_meanwhile_does_not_go_on(hub: Hub, logs: Store, reader: Reader) -> None:
    async with joining(hub, reader, [LOG, "site.news"]) as join:
        assert join.goes_on
        await hub.unsubscribe(LOG, reader)
        assert not join.goes_on
        join.tell({LOG: 0})
    hub.receive([logs.post(LOG)])
    await settle()
    assert reader.texts == []


async def test_one_whose_sequel_cannot_be_read_comes_back(hub: Hub, logs: Store, reader: Reader) -> None:
    """It already has its page; if it stayed held back, it would never get anything and not know it."""
    await seat(hub, LOG)
    hub.receive([logs.post(LOG) for _ in range(TAIL + 5)])
    logs.broken = True
    with pytest.raises(ConnectionError):
        async with joining(hub, reader, [LOG]) as join:
            join.tell({LOG: 1})
    assert reader.close_codes == [Close.RESYNC]
