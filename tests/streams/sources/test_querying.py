"""Queries on SQLite; those on PostgreSQL are in tests/system/test_sql_sources.py."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from streams.models import Stream
from streams.sources.querying import SqlValue, connections
from streams.sources.results import QueryFailed


@pytest.fixture
def shop(settings: Any, tmp_path: Path) -> Path:
    """A database beside our own, named `shop`."""
    path = tmp_path / "the shop.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, price REAL);"
            "INSERT INTO orders (item, price) VALUES ('tea', 2.5), ('cake', 4);"
            "CREATE TABLE api_token (value TEXT); INSERT INTO api_token VALUES ('s3cret');"
            "CREATE VIEW totals AS SELECT item, price FROM orders;"
            "CREATE VIEW leak AS SELECT value FROM api_token;"
            "CREATE VIRTUAL TABLE words USING fts5(word);"
        )
    settings.SQL_SOURCES = {"shop": f"sqlite:///{path}"}
    return path


def ask(query: str, result: str = "number", connection: str = "shop", patience: float = 5, last: Any = None) -> Any:
    return SqlValue(connection, query, result, patience)(last)


def test_a_number_a_row_and_a_table(shop: Path) -> None:
    assert ask("SELECT sum(price) FROM orders") == 6.5
    assert ask("SELECT count(*) AS n, max(item) AS last FROM orders;", "row") == {
        "n": {"value": 2},
        "last": {"value": "tea"},
    }
    table = ask("SELECT item, price FROM orders -- all of them", "table", last={"tea": {"price": 2.5}, "milk": {}})
    assert table == {"cake": {"price": 4.0}, "milk": None}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM totals",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT count(*) FROM n",
        "SELECT count(*) FROM (SELECT item FROM orders GROUP BY item HAVING sum(price) > 1) AS o",
        "SELECT length(upper(max(item))) FROM orders WHERE item LIKE 't%'",
    ],
)
def test_ordinary_queries_run(shop: Path, query: str) -> None:
    assert ask(query) >= 1


@pytest.mark.usefixtures("shop")
def test_an_answer_has_only_so_many_bytes() -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    with pytest.raises(QueryFailed, match="more than 8388608 bytes"):
        ask(f"{many} SELECT i, printf('%.*c', 500000, 'x') FROM n", "table")
    assert len(ask(f"{many} SELECT i, printf('%.*c', 1000, 'x') FROM n", "table")) == 2000


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders",
        "INSERT INTO orders (item) VALUES ('x') RETURNING id",
        "UPDATE orders SET price = 0",
        "DROP TABLE orders",
        "CREATE TEMP TABLE t (a)",
        "ATTACH '{folder}/written.sqlite3' AS other",
        "VACUUM INTO '{folder}/written.sqlite3'",
        "PRAGMA query_only = 0",
        "PRAGMA journal_mode = DELETE",
        "BEGIN IMMEDIATE",
        "SELECT name FROM pragma_table_info('orders')",
        "SELECT sql FROM sqlite_master",
        "SELECT sum(pgsize) FROM dbstat",
        "SELECT word FROM words",
        "SELECT load_extension('x')",
        "SELECT value FROM api_token",
        "SELECT count(*) FROM api_token",
        "SELECT value FROM leak",
        "SELECT 1; DELETE FROM orders",
        "",
        "nonsense",
    ],
)
def test_anything_else_is_refused_and_changes_nothing(shop: Path, query: str) -> None:
    before = shop.read_bytes()
    with pytest.raises(QueryFailed):
        ask(query.format(folder=shop.parent), "table")
    assert shop.read_bytes() == before
    assert [path.name for path in shop.parent.iterdir()] == [shop.name]


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT count(*) FROM orders a, orders b, orders c, orders d, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
        " SELECT i + 1 FROM n LIMIT 1000000) SELECT i FROM n) e, orders f, orders g, orders h, orders j, orders k",
    ],
)
def test_a_query_without_end_is_stopped(shop: Path, query: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryFailed, match=r"took more than 0\.2 s and was stopped"):
        ask(query, patience=0.2)
    assert time.monotonic() - began < 3


def test_a_huge_value_is_refused(shop: Path) -> None:
    with pytest.raises(QueryFailed, match="too big"):
        ask("SELECT length(replace(hex(zeroblob(400000)), '0', 'xxxxxxxxxx'))")


def test_too_many_rows_are_refused_without_reading_them_all(shop: Path) -> None:
    with pytest.raises(QueryFailed, match="More than 2000 rows"):
        ask("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "table")


def test_a_connection_that_is_not_there_is_said(shop: Path) -> None:
    with pytest.raises(QueryFailed, match="no connection other"):
        ask("SELECT 1", connection="other")
    shop.unlink()
    with pytest.raises(QueryFailed, match="Unable to open"):
        ask("SELECT 1")
    assert not shop.exists()


@pytest.mark.django_db(transaction=True)
def test_switchboards_own_database_shows_no_secrets() -> None:
    User.objects.create_user("ada", "correct horse")
    Stream.objects.create(slug="cpu")
    assert ask("SELECT count(*) FROM accounts_user", connection="default") == 1
    assert ask("SELECT name, kind FROM accounts_user", "table", "default") == {"ada": {"kind": "account"}}
    for query in (
        "SELECT password FROM accounts_user",
        "SELECT * FROM accounts_user",
        "SELECT name FROM accounts_user ORDER BY password",
        "SELECT name FROM accounts_user WHERE token_hash LIKE 'a%'",
        "SELECT session_data FROM django_session",
        "SELECT count(*) FROM streams_pushtoken",
        "SELECT url FROM streams_httpsource",
    ):
        with pytest.raises(QueryFailed, match=r"prohibited|Not authorized"):
            ask(query, "table", "default")


def test_own_database_is_offered_with_sqlite_only(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SQL_SOURCES = {"shop": "postgres://reader@db/shop"}
    assert set(connections()) == {"default", "shop"}
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert set(connections()) == {"shop"}
