"""Settings of the server that test_server.py starts: the project's, except for the endpoints and a few limits."""

from config.settings import *  # noqa: F403

ASGI_APPLICATION = "tests.realtime.inspection.application"
COMMAND_BURST = 1_000_000
HEARTBEAT = 3600
OUTBOX_BYTES = 256 * 1024
