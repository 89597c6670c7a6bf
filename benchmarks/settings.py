"""Our settings with one more endpoint, of `benchmarks.pipe`."""

from config.settings import *  # noqa: F403

ASGI_APPLICATION = "benchmarks.pipe.application"
