"""Checks all SQL of the tests: a table with a single writer is written by no other module.

`tests/architecture/writes.py` finds writers in the source, but cannot follow everything. Here every statement is seen.
"""

import re
import traceback
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class WatchedTables:
    """An `execute_wrapper` for every connection. `found`: code that wrote a table without permission.

    `writers`: for each table, the file below `root` that may write it. The innermost function in one of `packages`
    counts as the writer; functions in `passes_on` only pass on the writes of others. Writes of a test itself are
    allowed.
    """

    def __init__(
        self, root: Path, packages: Collection[str], writers: Mapping[str, str], passes_on: Collection[str] = ()
    ) -> None:
        self.found: list[str] = []
        self._root = f"{root}/"
        self._packages = tuple(f"{package}/" for package in packages if package not in passes_on)
        self._writers = {
            re.compile(rf"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\W+{table}\W", re.IGNORECASE): (table, file)
            for table, file in writers.items()
        }

    def watch(self) -> None:
        """Watch all present and future connections."""
        connection_created.connect(self._add, weak=False)
        for connection in connections.all(initialized_only=True):
            self._add(connection=connection)

    def _add(self, connection: BaseDatabaseWrapper, **options: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        for pattern, (table, file) in self._writers.items():
            if table in sql and pattern.search(sql) and (writer := self._writer()) and writer[0] != file:
                self.found.append(f"{writer[0]}:{writer[1]} writes {table}, which only {file} may")
        return execute(sql, params, many, context)

    def _writer(self) -> tuple[str, int] | None:
        for frame, line in traceback.walk_stack(None):
            file = frame.f_code.co_filename.removeprefix(self._root)
            if file.startswith(self._packages):
                return file, line
        return None
