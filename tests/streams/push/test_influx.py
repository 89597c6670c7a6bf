from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.push.influx import Line, Selection, read_influx, read_lines
from streams.push.json_body import WrongPush

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NS = 1_795_251_600_000_000_000  # NOW

# As Telegraf writes its inputs cpu, mem and system, per processor.
TELEGRAF = f"""cpu,cpu=cpu0,host=web\\ 1 usage_idle=91.5,usage_user=6.25 {NS}
cpu,cpu=cpu-total,host=web\\ 1 usage_idle=93,usage_user=5 {NS}
mem,host=web\\ 1 available=8123456789i,used_percent=41.25 {NS}
system,host=web\\ 1 uptime_format="3 days,  2:07",load1=0.35 {NS}
""".encode()


def values(body: bytes, kind: str = "number", precision: str = "ns", **selection: Any) -> list[Any]:
    return [each.value for each in read_influx(body, kind, NOW, Selection(**selection), precision)]


def test_a_line_has_measurement_tags_fields_and_time() -> None:
    assert read_lines(TELEGRAF)[3] == Line(
        "system", {"host": "web 1"}, {"uptime_format": "3 days,  2:07", "load1": 0.35}, NOW
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"m f=1", Line("m", {}, {"f": 1.0}, None)),
        (b"m f=-3i,g=7u,h=1e3,i=.5", Line("m", {}, {"f": -3, "g": 7, "h": 1000.0, "i": 0.5}, None)),
        (b"m f=t,g=FALSE", Line("m", {}, {"f": True, "g": False}, None)),
        (rb'my\ m\,x=y,a\=b=c\,d f="say \"hi\" \\ x=1, y"', None),
        (b'm f="two\nlines"\r\n', Line("m", {}, {"f": "two\nlines"}, None)),
        (rb"m,path=C:\dir f=1", Line("m", {"path": r"C:\dir"}, {"f": 1.0}, None)),
        (b"# a comment\n\n  m f=1  \n", Line("m", {}, {"f": 1.0}, None)),
    ],
)
def test_the_grammar(line: bytes, expected: Line | None) -> None:
    [found] = read_lines(line)
    assert found == (expected or Line("my m,x=y", {"a=b": "c,d"}, {"f": 'say "hi" \\ x=1, y'}, None))


@pytest.mark.parametrize(
    ("precision", "number"), [("ns", NS), ("us", NS // 10**3), ("ms", NS // 10**6), ("s", NS // 10**9)]
)
def test_times_have_a_precision(precision: str, number: int) -> None:
    assert read_lines(f"m f=1 {number}".encode(), precision)[0].at == NOW


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"\xff", "body"),
        (b"m f=\0", "body"),
        (b"m", "line 1"),
        (b"m f=1\nm,a f=1", "line 2"),
        (b"m,a= f=1", "line 1"),
        (b"m f=", "line 1"),
        (b"m f=one", "line 1"),
        (b"m f=0x10", "line 1"),
        (b'm f="open', "line 1"),
        (b"m f=1 yesterday", "line 1"),
        (b"m f=1 9999999999999999999", "line 1"),
        (b"m f=1 1 2", "line 1"),
        (b" ,a=b f=1", "line 1"),
        (b"m f=1,", "line 1"),
        (b"m f=1\n" * 10_001, "body"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(body: bytes, field: str) -> None:
    with pytest.raises(WrongPush) as refused:
        read_influx(body, "number", NOW, Selection(), "s")
    assert refused.value.field == field


def test_a_number_is_chosen_by_measurement_tag_and_field() -> None:
    assert values(TELEGRAF, measurement="mem", field="used_percent") == [41.25]
    assert values(TELEGRAF, measurement="cpu", field="usage_idle", tags={"cpu": "cpu-total"}) == [93.0]
    assert values(TELEGRAF, field="load1") == [0.35]
    assert values(b"orders count=3i") == [3]
    assert values(b"door open=true") == [1]


def test_texts_and_statuses_are_texts() -> None:
    assert values(TELEGRAF, "text", field="uptime_format") == ["3 days,  2:07"]
    assert values(b'shop level="warn"', "status") == ["warn"]


def test_lines_that_do_not_fit_bring_nothing() -> None:
    assert values(TELEGRAF, measurement="disk") == []
    assert values(TELEGRAF, field="nothing") == []
    assert values(b"", "table") == []


@pytest.mark.parametrize(
    ("body", "kind", "selection", "field", "words"),
    [
        (TELEGRAF, "number", {"measurement": "mem"}, "field", "choose with ?field=available"),
        (TELEGRAF, "number", {"field": "usage_idle"}, "tag", "cpu=cpu-total, cpu=cpu0"),
        (TELEGRAF, "number", {"field": "uptime_format"}, "uptime_format", "finite number"),
        (b'm f="fine"', "status", {}, "f", "ok, warn"),
        (b"m f=1", "series", {}, "body", "JSON"),
        (b"m f=1e999", "number", {}, "f", "finite number"),
        (f"m f=1 {NS + 3600 * 10**9}".encode(), "number", {}, "time", "ahead"),
    ],
)
def test_what_a_stream_cannot_take_is_said(
    body: bytes, kind: str, selection: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(WrongPush) as refused:
        values(body, kind, **selection)
    assert refused.value.field == field
    assert words in refused.value.detail


def test_a_table_has_a_row_for_each_series() -> None:
    assert values(TELEGRAF, "table", measurement="cpu", tags={"host": "web 1"}) == [
        {
            "cpu0": {"usage_idle": 91.5, "usage_user": 6.25},
            "cpu-total": {"usage_idle": 93.0, "usage_user": 5.0},
        }
    ]
    assert values(b"m a=1\nm b=2", "table") == [{"m": {"a": 1.0, "b": 2.0}}]


def test_values_come_oldest_first_with_their_times() -> None:
    found = read_influx(f"m f=2 {NS}\nm f=1 {NS - 10**9}".encode(), "number", NOW, Selection())
    assert [(each.value, each.at) for each in found] == [(1.0, NOW - timedelta(seconds=1)), (2.0, NOW)]


@given(st.text(max_size=100).map(str.encode) | st.binary(max_size=100))
def test_no_body_whatever_is_more_than_a_wrong_push(body: bytes) -> None:
    try:
        read_influx(body, "number", NOW, Selection())
    except WrongPush as refused:
        assert refused.field  # noqa: PT017 - most bodies are wrong, some are right


names = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\\#\t"), min_size=1, max_size=10)
cells = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


def written(line: Line) -> str:
    def escaped(text: str, signs: str) -> str:
        return "".join(f"\\{sign}" if sign in signs else sign for sign in text)

    def cell(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return '"' + escaped(value, '\\"') + '"'
        return f"{value}i" if isinstance(value, int) else repr(value)

    head = [escaped(line.measurement, ", ")]
    head += [f"{escaped(name, ',= ')}={escaped(value, ',= ')}" for name, value in line.tags.items()]
    fields = [f"{escaped(name, ',= ')}={cell(value)}" for name, value in line.fields.items()]
    return f"{','.join(head)} {','.join(fields)}"


@given(
    st.lists(
        st.builds(
            Line,
            names.filter(lambda name: not name.isspace()),
            st.dictionaries(names, names, max_size=3),
            st.dictionaries(names, cells | texts, min_size=1, max_size=3),
            st.none(),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read(lines: list[Line]) -> None:
    assert read_lines("\n".join(map(written, lines)).encode()) == lines
