"""System checks: settings that work in a trial and fail in production."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from realtime.background import layer_is_embedded


@register(Tags.compatibility, deploy=True)
def layer_reaches_all(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """In production without Redis there may be only one process."""
    if layer_is_embedded() and not settings.LOCAL:
        return [
            Warning(
                "The channel layer is in memory, so only one server process may run.",
                hint="Set REDIS_URL to run several processes and a worker.",
                id="realtime.W001",
            )
        ]
    return []
