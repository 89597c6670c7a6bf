"""Finds values in JSON and in feeds. Pure; raises ValueError with a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import jsonpath
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from realtime.wire.protocol import decode_json
from streams.values import KEY_CHARACTERS, TEXT_CHARACTERS, Kind

#: The most entries of a feed in a table.
ENTRIES: Final = 20
#: The elements with an entry's time: RSS, Atom, Dublin Core.
TIMES: Final = ("pubDate", "published", "updated", "date")


def check_path(path: str) -> None:
    """Raise ValueError when `path` is not a JSONPath."""
    try:
        jsonpath.compile(path)
    # the last two come from numbers and depth
    except (jsonpath.JSONPathError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"That is no JSONPath: {error}.") from None


def json_value(body: bytes, path: str, kind: Kind) -> Any:
    """Return the value at `path` (JSONPath, RFC 9535). A number written as text counts as a number."""
    check_path(path)
    document = decode_json(body)
    try:
        found = [match.obj for match in islice(jsonpath.finditer(path, document), 2)]
    except jsonpath.JSONPathError as error:
        raise ValueError(f"The path {path} leads too far: {str(error).partition(chr(10))[0]}.") from None
    if len(found) != 1:
        raise ValueError(f"{'Several' if found else 'No'} values are at {path}, and one is wanted.")
    if kind is Kind.NUMBER and isinstance(found[0], str):
        try:
            return float(found[0])
        except ValueError:
            raise ValueError(f"At {path} is a text, not a number.") from None
    return found[0]


@dataclass(frozen=True, slots=True)
class Entry:
    title: str
    at: datetime | None


def feed_value(body: bytes, kind: Kind) -> Any:
    """Return the value of an RSS or Atom feed for a stream of `kind`.

    It is the number of entries (number), the newest title (text), or the newest entries (table).
    """
    try:
        entries = list(_entries(fromstring(body)))
    except (ParseError, DefusedXmlException):
        raise ValueError("That is no feed.") from None
    # Entries without a time keep the feed's order, after the others.
    entries.sort(key=lambda entry: entry.at or datetime.min.replace(tzinfo=UTC), reverse=True)
    match kind:
        case Kind.NUMBER:
            return len(entries)
        case Kind.TEXT if entries:
            return entries[0].title
        case Kind.TEXT:
            raise ValueError("The feed has no entries.")
        case Kind.TABLE:
            return {
                entry.title[:KEY_CHARACTERS]: {"at": entry.at.isoformat() if entry.at else None}
                for entry in reversed(entries[:ENTRIES])
            }
    raise ValueError("A feed gives a number, a text or a table.")


def _entries(root: Element) -> Iterator[Entry]:
    for element in root.iter():
        if _name(element) in ("item", "entry"):
            texts = {_name(child): (child.text or "").strip() for child in reversed(element)}
            title = " ".join(texts.get("title", "").split())[:TEXT_CHARACTERS]
            yield Entry(title or "–", next((_time(texts[name]) for name in TIMES if texts.get(name)), None))


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _time(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
