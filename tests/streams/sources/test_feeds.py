import pytest

from streams.sources.feeds import feed_value, json_value
from streams.values import Kind

RSS = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>News</title>
<item><title>Old</title><pubDate>Mon, 05 Jan 2026 09:00:00 +0100</pubDate></item>
<item><title> Newest
   of all </title><pubDate>Tue, 06 Jan 2026 09:00:00 GMT</pubDate></item>
<item><title>No time</title></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><title>First</title><updated>2026-01-05T08:00:00Z</updated></entry>
<entry><title>Second</title><published>2026-01-06T08:00:00+01:00</published></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><item><title>Only</title><dc:date>2026-01-05</dc:date></item></rdf:RDF>"""
LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><item><title>&b;</title></item></rss>"""


@pytest.mark.parametrize(
    ("feed", "count", "newest"), [(RSS, 3, "Newest of all"), (ATOM, 2, "Second"), (RDF, 1, "Only")]
)
def test_feeds_are_counted_and_their_newest_title_is_found(feed: bytes, count: int, newest: str) -> None:
    assert feed_value(feed, Kind.NUMBER) == count
    assert feed_value(feed, Kind.TEXT) == newest


def test_a_table_has_the_entries_with_their_times_in_utc() -> None:
    assert feed_value(RSS, Kind.TABLE) == {
        "Newest of all": {"at": "2026-01-06T09:00:00+00:00"},
        "Old": {"at": "2026-01-05T08:00:00+00:00"},
        "No time": {"at": None},
    }


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:00", "Mon, 99 Foo 99999 99:99:99 +9999", "99999999", "soon"])
def test_a_time_that_is_none_is_left_out(time: str) -> None:
    feed = f"<rss><item><title>Odd</title><pubDate>{time}</pubDate></item></rss>"
    assert feed_value(feed.encode(), Kind.TABLE) == {"Odd": {"at": None}}


@pytest.mark.parametrize("body", [b"", b"<html", LAUGHS, b"{}"])
def test_what_is_no_feed_is_said_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="no feed"):
        feed_value(body, Kind.NUMBER)


@pytest.mark.parametrize(("feed", "kind"), [(b"<rss/>", Kind.TEXT), (RSS, Kind.SERIES)])
def test_a_feed_without_such_a_value_says_so(feed: bytes, kind: Kind) -> None:
    with pytest.raises(ValueError, match="feed"):
        feed_value(feed, kind)


@pytest.mark.parametrize(
    ("path", "kind", "value"),
    [
        ("$.data[0].price", Kind.NUMBER, 42.5),
        ("$.data[?@.name == 'b'].price", Kind.NUMBER, 7),
        ("$.text", Kind.TEXT, "hi"),
        ("$.data[0]", Kind.TABLE, {"name": "a", "price": "42.5"}),
    ],
)
def test_a_path_finds_its_value(path: str, kind: Kind, value: object) -> None:
    body = b'{"data": [{"name": "a", "price": "42.5"}, {"name": "b", "price": 7}], "text": "hi"}'
    assert json_value(body, path, kind) == value


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        (b"<html>", "$", "Not valid JSON"),
        (b"{}", "$.a", "No values are at"),
        (b"[1, 2]", "$[*]", "Several values are at"),
        (b"[" * 500 + b"]" * 500, "$..a", "leads too far: recursion limit exceeded"),
        (b"[" * 100_000, "$", "nested too deep"),
        (b'{"a": "x"}', "$.a", "a text, not a number"),
        (b"{}", "$[", "no JSONPath"),
        (b"{}", f"$[?@ == 1e{'9' * 180}]", "no JSONPath"),
    ],
)
def test_json_without_such_a_value_says_so(body: bytes, path: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        json_value(body, path, Kind.NUMBER)
