from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.checks import run_checks

from realtime.checks import layer_reaches_all


@pytest.mark.parametrize(
    ("redis", "local", "warns"), [(False, False, True), (False, True, False), (True, False, False)]
)
def test_one_process_alone_is_pointed_out_in_production(
    settings: Any, monkeypatch: pytest.MonkeyPatch, redis: bool, local: bool, warns: bool
) -> None:
    settings.LOCAL = local
    layer: Any = RedisPubSubChannelLayer(hosts=["redis://x"]) if redis else InMemoryChannelLayer()
    monkeypatch.setitem(channel_layers.backends, "default", layer)
    assert [each.id for each in layer_reaches_all(None)] == (["realtime.W001"] if warns else [])


def test_it_is_a_check_of_deployments_only(settings: Any) -> None:
    settings.LOCAL = False
    assert "realtime.W001" in {each.id for each in run_checks(include_deployment_checks=True)}
    assert "realtime.W001" not in {each.id for each in run_checks()}
