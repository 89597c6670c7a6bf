"""A line to the layer that stays deaf is replaced: layers keep a half-open connection for ever."""

import pytest

from realtime.hub import Hub
from realtime.publish import publish
from tests.realtime.support import Reader, ShakyLayer, Store, parts
from tests.support import eventually

LOG = "log.1"


async def seat(hub: Hub) -> Reader:
    reader = Reader()
    await hub.subscribe(LOG, reader)
    await hub.release(LOG, reader, 0)
    return reader


async def test_a_line_that_stays_deaf_is_replaced(hub: Hub, layer: ShakyLayer, logs: Store) -> None:
    reader = await seat(hub)
    old = hub._channel
    layer.loses = lambda group, message: hub._channel in ("", old)
    await publish([logs.post(LOG)])
    await eventually(lambda: hub._channel not in ("", old))
    await eventually(lambda: not hub.sick)
    await eventually(lambda: LOG in layer.groups)
    reads = logs.reads
    await publish([logs.post(LOG)])
    await eventually(lambda: len(reader.texts) == 2)
    assert [number for number, _ in parts(reader.texts)] == [1, 2]
    assert logs.reads == reads, "it came over the new line"


async def test_a_layer_that_cannot_be_connected_anew_is_tried_again(
    hub: Hub, layer: ShakyLayer, logs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await seat(hub)
    old = hub._channel

    async def fail() -> None:
        raise ConnectionError("no Redis")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "flush", fail)
        layer.failing.add("new_channel")
        layer.loses = lambda group, message: hub._channel in ("", old)
        await eventually(lambda: hub._channel == "")
        await publish([logs.post(LOG)])
        await eventually(lambda: len(reader.texts) == 1)  # by comparison with the store
    layer.failing.clear()
    await eventually(lambda: not hub.sick)
    await publish([logs.post(LOG)])
    await eventually(lambda: len(reader.texts) == 2)
