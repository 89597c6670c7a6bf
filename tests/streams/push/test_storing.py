from functools import partial

import pytest

from streams import store
from streams.models import Stream
from streams.push import storing
from streams.push.json_body import WrongPush, read_push
from tests.streams_and_boards import pushed_stream

pytestmark = pytest.mark.django_db


def test_a_push_is_taken_whole_or_not_at_all() -> None:
    orders = pushed_stream()
    with pytest.raises(WrongPush):
        storing.push(orders, partial(read_push, b'[{"value": 1}, {"value": "two"}]'))
    orders.refresh_from_db()
    assert (orders.seq, orders.samples.count()) == (0, 0)


def test_too_many_rows_name_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS", 1)
    with pytest.raises(WrongPush) as refused:
        storing.push(pushed_stream(kind="table"), partial(read_push, b'{"value": {"a": {}, "b": {}}}'))
    assert refused.value.field == "value"
    assert not Stream.objects.get().rows.exists()
