import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.limits import buckets as module
from realtime.limits.buckets import Bucket, Buckets, network_of


def test_a_burst_passes_and_then_one_at_a_time() -> None:
    bucket = Bucket(3, 2, now=100)
    assert [bucket.take(100) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100) == 0.5
    assert bucket.take(100.25) == 0.25
    assert bucket.take(100.5) == 0
    assert bucket.take(100.5) == 0.5


def test_what_is_refused_takes_no_token() -> None:
    bucket = Bucket(1, 1, now=0)
    bucket.take(0)
    for _ in range(100):
        assert bucket.take(0.5) == 0.5
    assert bucket.take(1) == 0


def test_a_bucket_holds_no_more_than_its_burst() -> None:
    bucket = Bucket(2, 1, now=0)
    assert [bucket.take(1_000_000) > 0 for _ in range(3)] == [False, False, True]


def test_a_bucket_is_full_when_all_has_come_back() -> None:
    bucket = Bucket(2, 1, now=0)
    assert bucket.is_full(0)
    bucket.take(0)
    assert not bucket.is_full(0.9)
    assert bucket.is_full(1)


@given(st.lists(st.floats(0, 0.5), max_size=60), st.integers(1, 5), st.integers(1, 20))
def test_no_span_lets_more_through_than_burst_and_rate(gaps: list[float], burst: int, rate: int) -> None:
    now = 0.0
    bucket = Bucket(burst, rate, now)
    passed = []
    for gap in gaps:
        now += gap
        wait = bucket.take(now)
        if wait:
            assert wait <= 1 / rate + 1e-9
        else:
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + (passed[last] - passed[first]) * rate + 1e-6


def test_each_key_has_its_own_bucket() -> None:
    buckets = Buckets(1, 1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 0) == 1
    assert buckets.take("b", 0) == 0


def test_full_buckets_are_forgotten_and_others_kept() -> None:
    buckets = Buckets(1, 1)
    for number in range(module.SWEEP + 1):
        buckets.take(str(number), 0)
    buckets.take("busy", 99.5)
    buckets.take("now", 100)
    assert len(buckets) <= 2
    assert buckets.take("busy", 100) == 0.5


def test_a_flood_of_keys_is_not_swept_at_each() -> None:
    """A sweep reads all keys. When every key is busy, not every new key may cause a sweep."""
    buckets = Buckets(1, 1e-6)
    for number in range(8 * module.SWEEP):
        buckets.take(str(number), 0)
    assert 0 < buckets.sweeps <= 4


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
    ],
)
def test_one_caller_has_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert network_of(address) == network
