"""The size of Switchboard's own database, and the speed of its tables."""

import time
from typing import Any, Final

from django.apps import apps
from django.db import DatabaseError, connection

from streams.producers.registry import producer
from streams.tables import changed_rows
from streams.values import Kind

#: A PostgreSQL table with more rows is estimated, not counted: counting would take seconds.
COUNTED: Final = 1_000_000
#: In a SQLite file with more bytes, tables are not measured: that would read every page.
MEASURED: Final = 1024**3

Row = dict[str, Any]


@producer("database-size", every=60, label="Database", unit="B")
def database_size() -> int:
    if connection.vendor == "sqlite":
        return int(_one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
    return int(_one("SELECT pg_database_size(current_database())"))


@producer("database-tables", every=300, kind=Kind.TABLE, label="Tables")
def database_tables(last: Any) -> dict[str, Row | None]:
    """Return for each table its rows, its bytes including indexes, and how many milliseconds counting took."""
    return changed_rows(last, measure())


@producer("database-slowest", every=300, kind=Kind.TEXT, label="Slowest table")
def database_slowest() -> str:
    counted = {name: row["ms"] for name, row in measure().items() if row["ms"] is not None}
    name = max(counted, key=lambda each: counted[each])
    return f"{name}: {counted[name]:g} ms to count"


def measure() -> dict[str, Row]:
    """Return `{table: {"rows", "bytes", "ms"}}` of our own tables; null where measuring would take too long."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
    present = set(connection.introspection.table_names())
    sizes, estimates = _of_sqlite() if connection.vendor == "sqlite" else _of_postgresql()
    found: dict[str, Row] = {}
    for table in tables:
        if table in present:
            rows, milliseconds = estimates.get(table, 0), None
            if rows < COUNTED:
                began = time.perf_counter()
                rows = _one(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
                milliseconds = round((time.perf_counter() - began) * 1000, 2)
            found[table] = {"rows": rows, "bytes": sizes.get(table), "ms": milliseconds}
    return found


def _of_sqlite() -> tuple[dict[str, int], dict[str, int]]:
    if database_size() > MEASURED:
        return {}, {}
    query = (
        "SELECT schema.tbl_name, sum(pages.pgsize) FROM dbstat AS pages JOIN sqlite_master AS schema"
        " ON schema.name = pages.name WHERE pages.aggregate = 1 GROUP BY 1"
    )
    try:
        return dict(_all(query)), {}
    except DatabaseError:
        return {}, {}  # this SQLite was built without dbstat


def _of_postgresql() -> tuple[dict[str, int], dict[str, int]]:
    found = _all(
        "SELECT relname, pg_total_relation_size(oid), reltuples::bigint FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return {name: size for name, size, _ in found}, {name: rows for name, _, rows in found}


def _one(query: str) -> Any:
    return _all(query)[0][0]


def _all(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
