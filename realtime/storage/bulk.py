"""Many rows in one statement: they travel as one JSON parameter.

Django builds an expression per value, which takes most of a batch's time (docs/performance.md). This module handles
plain columns only: no database defaults, and it returns no primary keys.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import DateTimeField, Field, JSONField, Model, UUIDField

M = TypeVar("M", bound=Model)


def make(model: type[M], values: Mapping[str, Any]) -> M:
    """Return an unsaved row of `model`; `values` has the values of all columns, by attribute name.

    Django takes a third of the time when it gets them by position.
    """
    return model(*[values[name] for name in _attributes(model)])


def insert(rows: Sequence[Model]) -> None:
    """Insert `rows`, all of one model with an automatic primary key. The instances do not get their keys."""
    if rows:
        sql, fields = _insertion(type(rows[0]), connection.vendor)
        _execute(sql, _json(rows, fields))


def update(rows: Sequence[Model], *names: str) -> None:
    """Write the fields called `names` of `rows`, all of one model, found by primary key."""
    if rows:
        sql, fields = _change(type(rows[0]), names, connection.vendor)
        _execute(sql, _json(rows, fields))


def find(
    model: type[Model],
    names: tuple[str, ...],
    wanted: Iterable[Sequence[Any]],
    give: tuple[str, ...],
    lock: bool = False,
) -> list[tuple[Any, ...]]:
    """Return the fields `give` of the rows whose fields `names` have values in `wanted`. `names` need an index.

    Values are returned as the model has them. `lock`: no other transaction changes these rows until this one ends. They
    are locked in the order of `wanted`; others may still insert rows that point to them. (SQLite needs no lock: a
    transaction that writes is alone there from its beginning.)
    """
    vendor = connection.vendor
    sql, fields, given = _search(model, names, give, vendor, lock)
    named = [(field.column, _converter(field, vendor)) for field in fields]
    rows = [{column: to(value) for (column, to), value in zip(named, each, strict=True)} for each in wanted]
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, [msgspec.json.encode(rows).decode()])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return [tuple(map(_read, given, row)) for row in found] if any(given) else found


def instances(model: type[M], keys: Iterable[Any], lock: bool = False) -> dict[Any, M]:
    """Return the rows with these primary keys, by primary key; `lock` as in `find`."""
    names = _attributes(model)
    found = find(model, (_key(model).attname,), [(each,) for each in sorted(keys)], names, lock)
    alias = connection.alias
    rows = [model.from_db(alias, names, row) for row in found]
    return {row.pk: row for row in rows}


# The statements, built once per database. Names come from models, never from outside.

Fields = list["Field[Any, Any]"]


@cache
def _attributes(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


@cache
def _insertion(model: type[Model], vendor: str) -> tuple[str, Fields]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(_quoted(field.column) for field in fields)
    values = ", ".join(_value(field) for field in fields)
    return f"INSERT INTO {_table(model)} ({columns}) SELECT {values} FROM {_rows(fields)}", fields  # noqa: S608


@cache
def _change(model: type[Model], names: tuple[str, ...], vendor: str) -> tuple[str, Fields]:
    changed = [_field(model, name) for name in names]
    key = _key(model)
    fields = [key, *changed]
    assignments = ", ".join(f"{_quoted(field.column)} = {_value(field)}" for field in changed)
    where = f"{_table(model)}.{_quoted(key.column)} = {_value(key)}"
    return f"UPDATE {_table(model)} SET {assignments} FROM {_rows(fields)} WHERE {where}", fields  # noqa: S608


@cache
def _search(
    model: type[Model], names: tuple[str, ...], give: tuple[str, ...], vendor: str, lock: bool
) -> tuple[str, Fields, Sequence["Reader"]]:
    fields = [_field(model, name) for name in names]
    same = " AND ".join(f"{_table(model)}.{_quoted(field.column)} = {_value(field)}" for field in fields)
    given = ", ".join(f"{_table(model)}.{_quoted(_field(model, name).column)}" for name in give)
    # Force an index lookup for each wanted row, whatever the planner's statistics say. SQLite keeps the order of a
    # CROSS JOIN. PostgreSQL, which assumes a hundred rows, plans a subquery with OFFSET on its own.
    join = f"{_table(model)} WHERE {same}"
    if vendor != "sqlite":
        locking = " FOR NO KEY UPDATE" if lock else ""
        join = f"LATERAL (SELECT * FROM {join} OFFSET 0{locking}) AS {_table(model)}"  # noqa: S608
    sql = f"SELECT {given} FROM {_rows(fields)} CROSS JOIN {join}"  # noqa: S608
    return sql, fields, [_reader(_field(model, name)) for name in give]


def _execute(sql: str, parameter: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])


def _json(rows: Sequence[Model], fields: Sequence["Field[Any, Any]"]) -> str:
    vendor = connection.vendor
    named = [(field.column, field.attname, _converter(field, vendor)) for field in fields]
    return msgspec.json.encode(
        [{column: convert(getattr(row, attribute)) for column, attribute, convert in named} for row in rows]
    ).decode()


def _rows(fields: Sequence["Field[Any, Any]"]) -> str:
    """Return the table `w` that the parameter makes."""
    if connection.vendor == "sqlite":
        return "json_each(%s) AS w"
    columns = ", ".join(f"{_quoted(field.column)} {_type(field)}" for field in fields)
    return f"json_to_recordset(%s::json) AS w({columns})"


def _value(field: "Field[Any, Any]") -> str:
    if connection.vendor == "sqlite":
        return f"json_extract(w.value, '$.{field.column}')"
    return f"w.{_quoted(field.column)}"


def _type(field: "Field[Any, Any]") -> str:
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name)  # type: ignore[arg-type]  # every concrete field has a column


def _key(model: type[Model]) -> "Field[Any, Any]":
    key = model._meta.pk
    assert key is not None
    return key


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


#: Functions that turn a column's value into the field's; empty when both are the same.
Reader = list[Callable[[Any], Any]]


def _reader(field: "Field[Any, Any]") -> Reader:
    column = field.get_col(field.model._meta.db_table)
    converters = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    return [partial(_convert, convert, column) for convert in converters]


def _convert(convert: Callable[[Any, Any, Any], Any], column: Any, value: Any) -> Any:
    return convert(value, column, connection)


def _read(reader: Reader, value: Any) -> Any:
    for convert in reader:
        value = convert(value)
    return value


def _same(value: Any) -> Any:
    return value


def _converter(field: "Field[Any, Any]", vendor: str) -> Callable[[Any], Any]:
    """Return how a value of `field` is written in the JSON: as the column keeps it."""
    if vendor == "sqlite" and isinstance(field, UUIDField | DateTimeField):
        # The connection itself: the proxy would look it up for each value, a tenth of a batch's time.
        convert = partial(field.get_db_prep_value, connection=connections[DEFAULT_DB_ALIAS])
        # All rows of a batch have the same time.
        return lru_cache(8)(convert) if isinstance(field, DateTimeField) else convert
    if vendor == "sqlite" and isinstance(field, JSONField):
        return lambda value: msgspec.json.encode(value).decode()
    return _same
