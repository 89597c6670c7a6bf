"""The envelope of the wire protocol: commands in, events out, error and close codes. Pure.

`docs/protocol.md` is the description for people. Nothing here knows rooms or boards.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Any, Final, get_args

import msgspec

VERSION: Final = 1

#: The largest whole number that every JSON reader keeps exact.
LARGEST: Final = 2**53 - 1

Ref = Annotated[str, msgspec.Meta(max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class Close(IntEnum):
    """Close codes. A client comes back after 1013, 4429 and 4503, and stays away after the other 4xxx."""

    AGAIN = 1013
    BINARY = 4400
    SIGN_IN = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    REPLACED = 4409
    FLOOD = 4429
    RESYNC = 4503


class CommandError(Exception):
    """What the sender of a command did wrong or must wait for; it becomes an `error` event.

    `code` is one of the protocol's error codes, `detail` a sentence for people, `retry_after` seconds.
    """

    def __init__(self, code: str, detail: str, retry_after: float | None = None, ref: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.ref = ref

    def event(self, ref: str | None = None) -> dict[str, Any]:
        """Return the `error` event; `ref` is that of the failed command, where it could be read."""
        event: dict[str, Any] = {"type": "error", "ref": ref or self.ref, "code": self.code, "detail": self.detail}
        if self.retry_after is not None:
            event["retry_after"] = round(self.retry_after, 3)
        return event


class Refused(Exception):
    """The socket must close: the client gets an `error` event with `code`, then the close code."""

    def __init__(self, close: Close, code: str, detail: str) -> None:
        super().__init__(detail)
        self.close = close
        self.error = CommandError(code, detail)


class Command(msgspec.Struct, tag_field="type", kw_only=True):
    """A command from a client. Subclasses give their `tag` and fields; unknown fields are ignored."""

    ref: Ref | None = None


class Ping(Command, tag="ping"):
    pass


class _Envelope(msgspec.Struct):
    """The part of a broken command that its error needs."""

    type: Any = None
    ref: Any = None


def encode(event: Mapping[str, Any]) -> str:
    """Return `event` as compact JSON text."""
    return msgspec.json.encode(event).decode()


@lru_cache(16)  # all that is written together has the same time, in events and answers
def timestamp(moment: datetime) -> str:
    """Return `moment` as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decode_json(raw: str | bytes) -> Any:
    """Return the JSON value of `raw`, as strictly as a database needs it.

    Raises ValueError with a sentence for anything that is not JSON: invalid UTF-8, NaN and Infinity, lone
    surrogates, NUL characters, nesting too deep to read.
    """
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(f"Not valid JSON: {error}.") from None
    except RecursionError:
        raise ValueError("Not valid JSON: nested too deep.") from None
    if _may_hold_nul(raw) and _holds_nul(value):
        raise ValueError("Not valid: text may not hold the NUL character.")
    return value


def _may_hold_nul(raw: str | bytes) -> bool:
    return (b"\\u0000" if isinstance(raw, bytes) else "\\u0000") in raw  # type: ignore[operator]


def _holds_nul(value: Any) -> bool:
    waiting = [value]  # no recursion: JSON may be nested too deeply for Python's stack
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item
    return False


class Parser:
    """Reads one endpoint's commands: a tagged union of `Command` structs, `ping` included."""

    def __init__(self, commands: Any) -> None:
        union = commands | Ping
        self._decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(union)
        self._types = {struct.__struct_config__.tag for struct in get_args(union) or (union,)}

    def parse(self, text: str) -> Command:
        """Return the command in `text`. Raises CommandError `bad_message` or `unknown_type`, with its ref."""
        try:
            command = self._decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise self._explain(text, error) from None
        if _may_hold_nul(text):
            try:
                decode_json(text)
            except ValueError as error:
                raise CommandError("bad_message", str(error), ref=command.ref) from None
        return command

    def _explain(self, text: str, error: Exception) -> CommandError:
        try:
            envelope = msgspec.json.decode(text, type=_Envelope)
        except (msgspec.ValidationError, RecursionError):
            return CommandError("bad_message", "Send one JSON object with a `type`.")
        except (msgspec.DecodeError, UnicodeError) as worse:
            return CommandError("bad_message", f"Not valid JSON: {worse}.")
        ref = _ref(envelope)
        if not isinstance(envelope.type, str):
            return CommandError("bad_message", "A command needs a `type`, which is text.", ref=ref)
        if envelope.type not in self._types:
            return CommandError("unknown_type", f"There is no command {envelope.type[:64]!r} here.", ref=ref)
        return CommandError("bad_message", f"{error}.", ref=ref)


def read_ref(text: str) -> str | None:
    """Return the ref of a command that will not be parsed; None when it cannot be read."""
    try:
        return _ref(msgspec.json.decode(text, type=_Envelope))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _ref(envelope: _Envelope) -> str | None:
    return envelope.ref if isinstance(envelope.ref, str) and len(envelope.ref) <= 64 else None


def text_frame(payload: bytes) -> bytes:
    """Return `payload` (UTF-8) as one unmasked websocket text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Frame:
    """One event, encoded once for all receivers: its JSON text, and the same as a websocket frame."""

    __slots__ = ("text", "wire")

    def __init__(self, text: str) -> None:
        self.text = text
        self.wire = text_frame(text.encode())

    def __len__(self) -> int:
        return len(self.wire)


def join(frames: Iterable[Frame]) -> bytes:
    """Return the bytes of `frames`, joined in order, for one write."""
    return b"".join([frame.wire for frame in frames])
