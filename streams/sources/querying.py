"""SQL for boards: one query, in a child process. Raises QueryFailed with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.apps import apps
from django.conf import settings

from streams.sources import apart
from streams.sources.asking import CONNECTING
from streams.sources.results import QueryFailed, Result, value_of

#: The name of Switchboard's own database. It is offered with SQLite only: on PostgreSQL its role may do everything.
OWN: Final = "default"


@dataclass(frozen=True, slots=True)
class SqlValue:
    """A function that returns a query's result as a value. `result` is one of SqlSource.Result."""

    connection: str
    query: str
    result: str
    patience: float

    def __call__(self, last: Any) -> Any:
        return value_of(self.run(), self.result, last)

    def run(self) -> Result:
        """Return all rows of the query. Raises QueryFailed."""
        url = connections().get(self.connection)
        if url is None:
            raise QueryFailed(f"There is no connection {self.connection}.")
        tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
        job = {"do": "sql", "url": url, "query": self.query, "patience": self.patience, "tables": tables}
        connecting = 0 if urlsplit(url).scheme == "sqlite" else CONNECTING
        try:
            columns, rows = apart.run(job, self.patience, connecting)
        except apart.Failed as failed:
            raise QueryFailed(str(failed)) from None
        return Result(columns, rows)


def connections() -> Mapping[str, str]:
    """Return the URLs of the databases that may be asked, by name."""
    own = settings.DATABASES["default"]
    found = dict(settings.SQL_SOURCES)
    if str(own["ENGINE"]).endswith("sqlite3"):
        found[OWN] = f"sqlite:///{quote(str(own['NAME']))}"
    return found
