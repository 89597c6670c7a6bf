"""Our daphne `Server`: its sockets, its background work, and a shutdown that loses no client."""

import asyncio
import gc
import logging
import os
import random
import signal
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

import daphne.server  # installs the asyncio reactor, so it comes before anything of Twisted
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.tcp import Connection

from realtime import background
from realtime.delivery.hub import current_hub
from realtime.serving import embedded, requests  # noqa: F401 - the last has daphne take bodies in its way
from realtime.serving.sockets import STATE_OPEN, InputQueue, SocketFactory, SocketProtocol, TwistedWire
from realtime.wire.connection import EXTENSION, HAND_OVER

log = logging.getLogger(__name__)

#: Thresholds of the garbage collector (`gc.set_threshold`). A closed socket needs no collection.
COLLECT_AFTER: Final = (5_000, 10, 10)
#: How many connections may wait to be accepted.
BACKLOG: Final = 1024
#: Seconds over which a draining server closes its sockets; seconds over which their clients are told to come back.
DRAIN_SPREAD: Final = 2.0
RETRY_SPREAD: Final = 5.0
#: Seconds that requests in flight get to finish.
DRAIN_PATIENCE: Final = 15.0


class Server(daphne.server.Server):
    """Daphne's server with prepared frames, backpressure in both directions, background work and draining.

    On SIGTERM or SIGINT it stops accepting, tells each client when to come back, closes the sockets
    with 1012 in batches, waits for requests in flight, runs the farewells, and ends. A second signal
    ends it at once.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        # With Twisted's 50, some clients that return together after a deploy would be dropped and retry seconds later.
        options["endpoints"] = [f"{endpoint}:backlog={BACKLOG}" for endpoint in options["endpoints"]]
        options["websocket_timeout"] = -1  # otherwise every socket closes with 1000 after a day
        options["ping_timeout"] = 20  # a dead connection is noticed within 45 s
        if settings.BEHIND_PROXY:
            options["proxy_forwarded_address_header"] = "X-Forwarded-For"
            options["proxy_forwarded_proto_header"] = "X-Forwarded-Proto"
        super().__init__(*args, **options)
        self._end: asyncio.Task[None] | None = None

    def run(self) -> None:
        embedded.claim()
        reactor.callWhenRunning(self._started)
        super().run()

    def _started(self) -> None:
        self.ws_factory = SocketFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=0,  # SocketProtocol limits both
            maxFramePayloadSize=0,
            utf8validateIncoming=False,
        )
        SocketProtocol.configure(self.ws_factory)
        self.loop = asyncio.get_event_loop()
        if self.signal_handlers:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.loop.call_soon_threadsafe(self.drain))
        self._starting = self.loop.create_task(background.start())
        # Objects made so far stay, so freeze them: to scan Django's 300,000 would be most of each collection. A full
        # collection with a thousand sockets stops everything for 50 ms, so COLLECT_AFTER makes it seven times rarer.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)

    def listen_success(self, port: Any) -> Any:
        super().listen_success(port)
        return port  # for `_drain`, which closes it

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one request or socket, and return its input queue."""
        queue = InputQueue()
        if isinstance(protocol, SocketProtocol):
            queue.transport = protocol.transport
            scope["extensions"] = {HAND_OVER: partial(self._take_over, protocol)}
            if isinstance(protocol.transport, Connection):  # without TLS, which the proxy does
                protocol.wire = scope["extensions"][EXTENSION] = TwistedWire(protocol)
        scope.setdefault("asgi", {"version": "3.0"})
        application = self.application(scope=scope, receive=queue.get, send=partial(self.handle_reply, protocol))
        if protocol not in self.connections:
            return None
        self._take_over(protocol, application)
        return queue

    def _take_over(self, protocol: Any, application: Coroutine[Any, Any, None]) -> None:
        """From now on, run `application` for `protocol`."""
        self.connections[protocol]["application_instance"] = self.loop.create_task(application)

    def kill_all_applications(self) -> Any:
        for details in list(self.connections.values()):
            details.setdefault("application_instance", self.loop.create_future())
        return super().kill_all_applications()

    def drain(self) -> None:
        """Begin to drain; when draining already, end at once."""
        if self._end is not None:
            log.warning("Told twice to stop: ending at once")
            os._exit(1)
        self._end = self.loop.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            for listener in self.listeners:
                listener.addCallback(lambda port: port.stopListening())
            self._tell_clients()
            await self._close_sockets()
            await self._in_flight()
            await background.stop()
        except Exception:
            log.exception("The drain failed")
        finally:
            self.stop()

    @staticmethod
    def _tell_clients() -> None:
        hub = current_hub()
        hub.draining = True
        log.info("Draining: %d sockets", len(hub.connections))
        for consumer in list(hub.connections):
            retry_after = round(random.uniform(0.2, RETRY_SPREAD), 2)  # noqa: S311 - spread, not secrecy
            consumer.connection.send({"type": "notice", "code": "draining", "retry_after": retry_after})

    def _open_sockets(self) -> list[SocketProtocol]:
        return [each for each in self.connections if isinstance(each, SocketProtocol) and each.state == STATE_OPEN]

    async def _close_sockets(self) -> None:
        sockets = self._open_sockets()
        batch = max(1, len(sockets) // 20)
        for start in range(0, len(sockets), batch):
            for protocol in sockets[start : start + batch]:
                if protocol.state == STATE_OPEN:
                    protocol.serverClose(1012)
            await asyncio.sleep(DRAIN_SPREAD / 20 if len(sockets) > 1 else 0)

    async def _in_flight(self) -> None:
        """Wait, at most DRAIN_PATIENCE, until no request and no socket's consumer is at work."""
        deadline = self.loop.time() + DRAIN_PATIENCE
        while self.loop.time() < deadline:
            for protocol in self._open_sockets():  # sockets whose handshake began before we stopped listening
                protocol.serverClose(1012)
            busy = [
                details["application_instance"]
                for details in self.connections.values()
                if "application_instance" in details and not details["application_instance"].done()
            ]
            if not busy:
                return
            await asyncio.wait(busy, timeout=0.5)
