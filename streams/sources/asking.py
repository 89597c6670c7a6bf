"""SQL in a child process: one query, read-only, limited in time and size. No Django here.

Raises QueryFailed with a sentence.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

from streams.sources.results import QueryFailed, Result, plain
from streams.values import ROWS

#: Switchboard's tables and columns that no board may show.
SECRET: Final = re.compile("password|secret|session|token|httpsource", re.IGNORECASE)
#: Seconds within which a database must accept the connection.
CONNECTING: Final = 5
#: The longest text or blob that SQLite may make, and the longest pattern for LIKE, in bytes.
SQLITE_BYTES: Final = 1_000_000
SQLITE_PATTERN: Final = 200
ORDINARY: Final = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND sql NOT LIKE 'CREATE VIRTUAL%'"
)
#: The most bytes of text in a whole answer; how many rows are fetched at once.
ANSWER_BYTES: Final = 8 * 1024 * 1024
PORTION: Final = 50
#: After this many steps, SQLite's virtual machine checks the clock.
STEPS: Final = 1_000


def find(url: str, query: str, patience: float, tables: Sequence[str]) -> Result:
    """Return all rows of a query, their cells as text, numbers, true, false or null. Raises QueryFailed.

    `tables`: Switchboard's tables; a role on PostgreSQL must not be able to read the secrets in them.
    """
    try:
        if urlsplit(url).scheme == "sqlite":
            result = _from_sqlite(unquote(url.removeprefix("sqlite:///")), query, patience)
        else:
            result = _from_postgresql(url, query, patience, tables)
    except (sqlite3.Error, psycopg.Error) as error:
        raise QueryFailed(_in_words(error, patience)) from error
    return Result(result.columns, [[plain(cell) for cell in row] for row in result.rows])


def _in_words(error: sqlite3.Error | psycopg.Error, patience: float) -> str:
    text = str(error).strip().partition("\n")[0]
    if text == "interrupted" or isinstance(error, psycopg.errors.QueryCanceled):
        return f"took more than {patience:g} s and was stopped"
    return text[:1].upper() + text[1:] or type(error).__name__


def _from_sqlite(path: str, query: str, patience: float) -> Result:
    deadline = time.monotonic() + patience
    address = f"file:{quote(path)}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)) as connection:
        ordinary = {name for (name,) in connection.execute(ORDINARY)}

        def allow(action: int, first: str | None, second: str | None, *_: str | None) -> int:
            if action == sqlite3.SQLITE_READ:
                # Without a column: something in FROM whose columns are not read, perhaps a subquery.
                fits = (first in ordinary or not second) and not SECRET.search(f"{first}.{second}")
            elif action == sqlite3.SQLITE_FUNCTION:
                fits = second not in ("load_extension", "fts3_tokenizer")
            else:
                fits = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE)
            return sqlite3.SQLITE_OK if fits else sqlite3.SQLITE_DENY

        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SQLITE_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SQLITE_PATTERN)
        connection.set_authorizer(allow)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        cursor = connection.execute(query)
        if cursor.description is None:
            raise QueryFailed("Give a SELECT.")
        return Result(
            [column[0] for column in cursor.description], _bounded(lambda: cursor.fetchmany(PORTION), patience)
        )


def _from_postgresql(url: str, query: str, patience: float, tables: Sequence[str]) -> Result:
    with closing(psycopg.connect(url, connect_timeout=CONNECTING, application_name="switchboard board")) as connection:
        connection.read_only = True
        _check_role(connection, tables)

        def limit() -> None:
            connection.execute("SELECT set_config('statement_timeout', %s, true)", [f"{patience * 1000:.0f}ms"])

        limit()
        # A cursor takes only a single SELECT, and returns no more rows than we fetch. With binary answers psycopg
        # sends the text as one statement; otherwise the server would run every statement in it.
        cursor = connection.execute(f"DECLARE found NO SCROLL CURSOR FOR {query}".encode(), binary=True)
        fetch = sql.SQL("FETCH FORWARD {} FROM found").format(PORTION)

        def portion() -> list[tuple[Any, ...]]:
            limit()  # for each fetch, since a query may change it
            return cursor.execute(fetch).fetchall()

        rows = _bounded(portion, patience)
        return Result([column.name for column in cursor.description or []], rows)


def _bounded(portion: Callable[[], list[tuple[Any, ...]]], seconds: float) -> list[tuple[Any, ...]]:
    """Return all rows of a query that come in portions, up to a few more than a table may have. Raises QueryFailed."""
    rows: list[tuple[Any, ...]] = []
    size, deadline = 0, time.monotonic() + seconds  # the database's own limit applies to each portion only
    while len(rows) <= ROWS and (some := portion()):
        if time.monotonic() > deadline:
            raise QueryFailed(f"took more than {seconds:g} s and was stopped")
        rows += some
        size += sum(len(cell) for row in some for cell in row if isinstance(cell, str | bytes))
        if size > ANSWER_BYTES:
            raise QueryFailed(f"The answer has more than {ANSWER_BYTES} bytes: choose fewer columns, or parts of them.")
    return rows


def _check_role(connection: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """Raise QueryFailed for a role that may do everything, or may read what no board may show."""
    (role, is_super) = connection.execute(
        "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone() or ("", True)
    if is_super:
        raise QueryFailed(f"The role {role} may do everything: give the connection a role that may only read.")
    columns = connection.execute(
        "SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relname = ANY(%s) AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
        " AND has_column_privilege(attrelid, attnum, 'SELECT') ORDER BY 1",
        [list(tables)],
    )
    if secret := next((name for (name,) in columns if SECRET.search(name)), None):
        raise QueryFailed(f"The role {role} may read {secret}: give the connection a role that may not.")
