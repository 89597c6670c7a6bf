"""The base of every socket endpoint, and the heartbeat of all."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings

from realtime import process, siblings
from realtime.delivery.hub import Hub, current_hub, send_away
from realtime.delivery.joining import Joining, joining
from realtime.limits import quotas
from realtime.limits.buckets import Bucket
from realtime.limits.quotas import Payer
from realtime.storage import clock
from realtime.storage.database import AWAY, busy, log_failure, meaning
from realtime.wire import protocol
from realtime.wire.connection import EXTENSION, HAND_OVER, Connection
from realtime.wire.origins import is_allowed
from realtime.wire.protocol import Close, Command, CommandError, Parser, Ping, Refused

log = logging.getLogger(__name__)

T = TypeVar("T")

#: The keys of the scope that an open socket keeps.
KEPT: Final = ("session", "session_hash")
#: The subprotocol we choose when a client offers it: a browser that offers some fails unless one is chosen.
SUBPROTOCOL: Final = "switchboard"
#: After this many commands refused for their rate, the socket closes with 4429. Accepted commands reduce the count.
FLOOD: Final = 200


def now() -> str:
    return protocol.timestamp(clock.now())


def _told(error: BaseException, what: str) -> CommandError:
    """Log that `what` failed with `error`; return what the client is told."""
    log_failure(log, error, what)
    if isinstance(error, AWAY):
        return busy(meaning(error))
    return CommandError("internal", "Something went wrong on our side; try again.")


def _replaced() -> Refused:
    detail = f"More than {settings.CONNECTIONS_PER_USER} connections: this, the oldest, makes room."
    return Refused(Close.REPLACED, "conflict", detail)


def _ignore(topic: str, text: str) -> None:
    pass


class SocketConsumer(AsyncConsumer):
    """Handles gate, hello, limits, parsing, dispatch and errors; subclasses add commands and topics.

    A subclass names its `commands` (a union of `Command` structs) and has a coroutine method `on_<tag>` for each. It
    answers by `answer`, by `answer_when`, or by raising CommandError, and returns nothing. Unlike Channels' own
    consumers it has no own channel in the layer (the hub has one for all), and needs no thread hop per event.
    """

    commands: ClassVar[Any] = Ping
    signed_in: ClassVar[bool] = True
    any_origin: ClassVar[bool] = False
    _parser: ClassVar[Parser]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._parser = Parser(cls.commands)

    scope: dict[str, Any]
    #: The User who is signed in, or None; and the payer of what this socket does.
    user: Any
    payer: Payer
    _is_counted = False
    hub: Hub
    connection: Connection

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Run one socket from its handshake to its end."""
        self.scope = scope
        self.hub = current_hub()
        self.user = scope.get("user") if getattr(scope.get("user"), "is_authenticated", False) else None
        extensions = scope.get("extensions") or {}
        self.connection = Connection(send, extensions.get(EXTENSION))
        self.connection.on_control = self._on_control
        self.since, self.opened_at = time.monotonic(), clock.now().timestamp()
        self.payer = quotas.payer_of(self.user, self.address)
        self._patience = Bucket(FLOOD, settings.COMMANDS_PER_SECOND, self.since)
        self._controls: dict[asyncio.Task[None], None] = {}
        if (await receive())["type"] != "websocket.connect":
            return
        if self.hub.sends_away():
            await send({"type": "websocket.close"})  # before it is accepted: 503, and nginx asks the next process
            return
        # Accepted even when refused: a browser cannot see why a handshake failed.
        offered = SUBPROTOCOL in (scope.get("subprotocols") or ())
        await send({"type": "websocket.accept", **({"subprotocol": SUBPROTOCOL} if offered else {})})
        life = self._live(receive)
        if HAND_OVER in extensions:
            extensions[HAND_OVER](life)
        else:
            await life

    async def _live(self, receive: Any) -> None:
        try:
            self._pay()
            await self.gate()
            self._admit()
            self.hub.connections.add(self)
            if self.user is not None:
                self.hub.connections_of.setdefault(self.user.pk, {})[self] = None
                siblings.changed(self.hub, self.user.pk)
                await self._replace_oldest()
                await self.hub.subscribe(f"user.{self.user.pk}", self.connection)
            self.connection.send(self._hello())
            await self.opened()
            self.scope = {name: self.scope[name] for name in KEPT if name in self.scope}
            while (message := await receive())["type"] == "websocket.receive":
                await self._take(message)
        except Refused as refused:
            await self._refuse(refused)
        except StopConsumer:
            pass
        except AWAY as error:
            log.warning("A socket was sent away: %s", error)
            await send_away(self.connection, meaning(error))
        except Exception:
            log.exception("A socket failed")
            self.connection.refuse(CommandError("internal", "Something went wrong on our side; please reconnect."))
            await self.connection.close(1011)
        finally:
            await asyncio.shield(self._end())

    async def _end(self) -> None:
        self.connection.closed = True  # so that no work under way subscribes or writes any more
        for task in self._controls:
            task.cancel()
        self.hub.connections.discard(self)
        if self._is_counted:
            self.hub.strangers -= Counter({self.payer.name: 1})
        if self.user is not None and (own := self.hub.connections_of.get(self.user.pk)) is not None:
            own.pop(self, None)
            siblings.changed(self.hub, self.user.pk)
            if not own:
                del self.hub.connections_of[self.user.pk]
        self.hub.forget(self.connection)
        self.connection.on_control = _ignore  # breaks a reference cycle, which only the garbage collector would free
        try:
            await self.closed()
        except Exception as error:
            log_failure(log, error, "The end of a socket")

    # For subclasses

    async def gate(self) -> None:
        """Raise Refused for a client that may not be here; nothing has been sent yet."""
        self._gate()

    async def opened(self) -> None:
        """Start what this endpoint does, after `hello`. May raise Refused."""

    async def closed(self) -> None:
        """Clean up; runs at every end of a socket."""

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        """Act on a CONTROL publication of a subscribed topic. The base knows `signed_out`, `banned` and `make_room`."""
        session = payload.get("session")
        if payload["do"] == "signed_out" and session in (None, self.scope.get("session_hash")):
            await self._refuse(Refused(Close.SIGN_IN, "forbidden", "You have signed out."))
        elif payload["do"] == "banned":
            await self._refuse(Refused(Close.FORBIDDEN, "forbidden", "This account is closed."))
        elif payload["do"] == "make_room" and self.opened_at < payload["before"]:
            await self._refuse(_replaced())

    def joining(self, *topics: str) -> AbstractAsyncContextManager[Joining]:
        """Join `topics`; the body reads the store and sends what it read (see `realtime.delivery.joining`)."""
        return joining(self.hub, self.connection, topics)

    def heartbeat(self, frame: protocol.Frame) -> None:
        """Send the heartbeat; `frame` is the same for all."""
        self.connection.write_frame(frame)

    # The gate

    def _gate(self) -> None:
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin")
        bearer = bool(self.scope.get("bearer"))
        if not self.any_origin and not bearer and not self._origin_is_ours(origin, headers):
            raise Refused(Close.FORBIDDEN, "forbidden", "This page's origin may not connect here.")
        if self.signed_in and self.user is None:
            if unknown := self.scope.get("unknown"):
                raise unknown
            raise Refused(Close.SIGN_IN, "forbidden", "Sign in first.")

    def _origin_is_ours(self, origin: bytes | None, headers: dict[bytes, bytes]) -> bool:
        if origin is None:
            return False
        return is_allowed(
            origin.decode("latin1"),
            host=headers.get(b"host", b"").decode("latin1"),
            https=settings.HTTPS and headers.get(b"x-forwarded-proto") == b"https",
            allowed=settings.ALLOWED_ORIGINS,
        )

    def _pay(self) -> None:
        """Raise Refused for a client that opens sockets too fast. Refused sockets count, too."""
        # While the database is away, nobody can be told apart: all people of an office would pay as one.
        if not self.scope.get("unknown") and quotas.openings.pay(self.payer):
            raise Refused(Close.FLOOD, "rate_limited", "Too many sockets were opened at once: wait a moment.")

    def _admit(self) -> None:
        """Raise Refused when too many sockets without a signed-in user are open."""
        if not self.payer.is_stranger:
            return
        strangers = self.hub.strangers
        if strangers[self.payer.name] >= settings.STRANGERS_PER_ADDRESS or strangers.total() >= settings.STRANGERS:
            raise Refused(Close.FLOOD, "rate_limited", "Too many sockets are open that nobody has signed in to.")
        strangers[self.payer.name] += 1
        self._is_counted = True

    async def _replace_oldest(self) -> None:
        own = [each for each in self.hub.connections_of[self.user.pk] if not each.connection.closed]
        if len(own) > settings.CONNECTIONS_PER_USER:
            await own[0]._refuse(_replaced())

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "protocol": protocol.VERSION,
            "user": self.user.on_wire() if self.user else None,
            "now": now(),
            "process": process.PROCESS_ID,
            "build": process.build(),
            "heartbeat": settings.HEARTBEAT,
        }

    async def _refuse(self, refused: Refused) -> None:
        self.connection.refuse(refused.error)
        await self.connection.close(refused.close)

    @property
    def address(self) -> str:
        """The client's address; behind a proxy, the one that the proxy gives."""
        return str((self.scope.get("client") or ("local",))[0])

    # The cost of reading

    def require_reading(self) -> None:
        """Raise CommandError while the payer has read too much."""
        if wait := quotas.reading.wait(self.payer):
            raise CommandError("rate_limited", "You have read much at once: wait a moment.", wait)

    def count_reading(self, size: int, seconds: float = 0) -> None:
        """Charge the payer for a read: the bytes that are sent, and the time that reading took."""
        quotas.reading.spend(self.payer, size)
        quotas.reading.spend_seconds(self.payer, seconds)

    # Commands

    async def _take(self, message: dict[str, Any]) -> None:
        """Answer one frame. Whatever a client sends, no exception but Refused leaves this method."""
        if self.connection.closed:
            return
        text = message.get("text")
        try:
            if text is None:
                raise Refused(Close.BINARY, "bad_message", "Send text frames: this protocol is JSON.")
            self._limit(text)
            self._measure(text)
            await self.receive_text(text)
        except CommandError as error:
            self.connection.refuse(error)

    async def receive_text(self, text: str) -> None:
        """Parse and dispatch one frame's text."""
        await self._dispatch(self._parser.parse(text))

    def _limit(self, text: str) -> None:
        wait = quotas.commands.pay(self.payer)
        if not wait:
            return
        if self._patience.take(time.monotonic()):
            raise Refused(Close.FLOOD, "rate_limited", "Far too many commands.")
        ref = protocol.read_ref(text) if len(text) <= settings.FRAME_BYTES else None
        raise CommandError("rate_limited", "Too many commands at once: wait a moment.", wait, ref)

    @staticmethod
    def _measure(text: str) -> None:
        if len(text) > settings.FRAME_BYTES or (
            len(text) * 4 > settings.FRAME_BYTES and len(text.encode("utf-8", "replace")) > settings.FRAME_BYTES
        ):
            raise CommandError("too_long", f"A frame has at most {settings.FRAME_BYTES} bytes.")

    async def _dispatch(self, command: Command) -> None:
        tag = str(command.__struct_config__.tag)
        try:
            await getattr(self, "on_" + tag.replace(".", "_"))(command)
        except Refused:
            raise
        except Exception as error:
            self._answer_error(command, error)

    def answer(self, command: Command, event: dict[str, Any]) -> int:
        """Send `event` as the answer of `command`; return how many bytes that was."""
        if command.ref is not None:
            event["ref"] = command.ref
        frame = protocol.Frame(protocol.encode(event))
        self.connection.write_frame(frame)
        return len(frame)

    def answer_when(self, command: Command, done: "asyncio.Future[T]", event: Callable[[T], dict[str, Any]]) -> None:
        """Answer `command` when `done` is done, with `event` of its result; the next command need not wait."""
        done.add_done_callback(partial(self._answer_done, command, event))

    def _answer_done(self, command: Command, event: Callable[[T], dict[str, Any]], done: "asyncio.Future[T]") -> None:
        if done.cancelled():
            return
        if error := done.exception():
            self._answer_error(command, error)
        else:
            self.answer(command, event(done.result()))

    def _answer_error(self, command: Command, error: BaseException) -> None:
        if not isinstance(error, CommandError):
            error = _told(error, f"The command {command.__struct_config__.tag}")
        self.connection.send(error.event(command.ref))

    async def on_ping(self, command: Ping) -> None:
        self.answer(command, {"type": "pong", "at": now()})

    def _on_control(self, topic: str, text: str) -> None:
        self._begin(self._control(topic, text))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; it ends with the socket."""
        task = asyncio.ensure_future(work)
        self._controls[task] = None
        task.add_done_callback(self._controls.pop)

    async def _control(self, topic: str, text: str) -> None:
        try:
            await self.control(topic, protocol.decode_json(text))
        except Exception as error:
            log_failure(log, error, f"Acting on {text} of {topic}")


async def beat() -> None:
    """Send heartbeats to all sockets of this process, spread evenly over time; never returns."""
    before = time.monotonic()
    while True:
        await asyncio.sleep(1 - before % 1)
        moment = time.monotonic()
        beat_between(before, moment)
        before = moment


def beat_between(before: float, moment: float) -> None:
    """Send the heartbeat to the sockets whose turn came after `before` and up to `moment`, even when this is late."""
    frame = protocol.Frame(protocol.encode({"type": "heartbeat", "now": now()}))
    for consumer in list(current_hub().connections):
        if (moment - consumer.since) // settings.HEARTBEAT > max(0, before - consumer.since) // settings.HEARTBEAT:
            try:
                consumer.heartbeat(frame)
            except Exception:
                log.exception("A heartbeat failed")
