"""Queries of boards on a real PostgreSQL, by roles that may and may not."""

import re
import resource
import time
from typing import Any

import psycopg
import pytest

from harness.launcher import ROOT, Launcher
from harness.servers import Manage, PostgreSQL
from streams.sources.querying import SqlValue
from streams.sources.results import QueryFailed

SITE = {"SECRET_KEY": "a-key-for-tests-0123456789-0123456789-0123456789", "ALLOWED_HOSTS": "localhost"}
SHOP = """
CREATE TABLE orders (id serial PRIMARY KEY, item text, price numeric, at timestamptz DEFAULT now());
INSERT INTO orders (item, price) VALUES ('tea', 2.5), ('100 % cake', 4);
CREATE ROLE shop_reader LOGIN;
GRANT SELECT ON orders TO shop_reader;
GRANT ALL ON SCHEMA public TO shop_reader;
"""


@pytest.fixture(scope="module")
def shop(postgresql: PostgreSQL) -> str:
    """The URL of a database with orders, by its superuser."""
    url = postgresql.create_database("shop")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SHOP)
    return url


@pytest.fixture
def sources(shop: str, settings: Any) -> dict[str, str]:
    settings.SQL_SOURCES = {"owner": shop, "shop": re.sub(r"//\w+@", "//shop_reader@", shop)}
    return dict(settings.SQL_SOURCES)


def ask(query: str, result: str = "number", connection: str = "shop", patience: float = 5) -> Any:
    return SqlValue(connection, query, result, patience)(None)


@pytest.mark.usefixtures("sources")
def test_a_number_a_row_and_a_table() -> None:
    assert ask("SELECT sum(price) FROM orders") == 6.5
    assert ask("SELECT count(*) AS n, max(price) AS dearest FROM orders;", "row") == {
        "n": {"value": 2},
        "dearest": {"value": 4.0},
    }
    table = ask("SELECT item, price FROM orders WHERE item LIKE '%' -- all", "table")
    assert table == {"tea": {"price": 2.5}, "100 % cake": {"price": 4.0}}
    assert ask("WITH o AS (SELECT 1 AS a) SELECT a FROM o") == 1


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1; INSERT INTO orders (item) VALUES ('x')",
        "SELECT 1; COMMIT; CREATE TABLE written (a int)",
        "INSERT INTO orders (item) VALUES ('x') RETURNING id",
        "WITH w AS (INSERT INTO orders (item) VALUES ('x') RETURNING id) SELECT id FROM w",
        "CREATE TABLE written (a int)",
        "SELECT 1 INTO written",
        "DO $$ BEGIN CREATE TABLE written (a int); END $$",
        "COPY orders TO PROGRAM 'true'",
        "SET TRANSACTION READ WRITE",
        "COMMIT",
        "SELECT nextval('orders_id_seq')",
        "SELECT item FROM orders FOR UPDATE",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT $1",
        "",
    ],
)
def test_anything_but_a_select_is_refused_and_changes_nothing(shop: str, query: str) -> None:
    with pytest.raises(QueryFailed):
        ask(query, "table")
    with psycopg.connect(shop) as connection:
        assert connection.execute("SELECT count(*), max(id) FROM orders").fetchone() == (2, 2)
        assert connection.execute("SELECT to_regclass('written')").fetchone() == (None,)


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(30)",
        "SELECT count(*) FROM generate_series(1, 100000000000)",
        # It takes the limit away, and is slow in the next portion.
        "SELECT g, set_config('statement_timeout', '0', false), CASE WHEN g > 50 THEN pg_sleep(30)::text END"
        " FROM generate_series(1, 100) g",
    ],
)
def test_a_query_without_end_is_stopped(query: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryFailed, match=r"took more than 0\.3 s"):
        ask(query, "table", patience=0.3)
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("sources")
def test_too_many_rows_are_refused_without_reading_them_all() -> None:
    with pytest.raises(QueryFailed, match="More than 2000 rows"):
        ask("SELECT 1 FROM pg_class a, pg_class b, pg_class c", "table")


@pytest.mark.usefixtures("sources")
def test_large_answers_are_not_read_to_their_end() -> None:
    with pytest.raises(QueryFailed, match="more than 8388608 bytes"):
        ask("SELECT g, repeat('x', 100000) FROM generate_series(1, 1000000) g", "table")
    with pytest.raises(QueryFailed, match="took more than"):
        ask("SELECT g, pg_sleep(0.02)::text FROM generate_series(1, 2000) g", "table")


def test_who_may_do_everything_is_refused(sources: dict[str, str]) -> None:
    with pytest.raises(QueryFailed, match="may do everything"):
        ask("SELECT 1", connection="owner")


@pytest.mark.usefixtures("sources")
def test_errors_are_said_in_one_line() -> None:
    with pytest.raises(QueryFailed) as refused:
        ask("SELECT nonsense FROM orders")
    assert str(refused.value) == 'Column "nonsense" does not exist'


def test_a_database_that_is_away_is_said(settings: Any) -> None:
    settings.SQL_SOURCES = {"away": "postgres://ada:secret@127.0.0.1:9/shop"}
    with pytest.raises(QueryFailed) as refused:
        ask("SELECT 1", connection="away")
    assert "secret" not in str(refused.value)


ON_POSTGRESQL = """
from datetime import timedelta
from functools import partial
from django.utils import timezone
from streams import catalogue, history, store
from streams.retention import pruning
from streams.retention.periods import THINNED
from streams.push import storing
from streams.models import PushTally, Sample, Stream
from streams.producers import database
from streams.push.json_body import read_push
stream = catalogue.create_stream("orders")
then = pruning.floor(timezone.now() - timedelta(days=2), THINNED)
samples = [{"value": value, "at": (then + timedelta(seconds=value)).isoformat()} for value in range(100)]
storing.push(stream, partial(read_push, __import__("json").dumps(samples).encode()))
print(pruning.prune(), sorted(Sample.objects.values_list("value", flat=True)), PushTally.objects.get().pushed_values)
row = database.measure()["streams_stream"]
print(row["rows"], row["bytes"] > 8000, row["ms"] > 0, database.database_size() > row["bytes"])
print(database.database_slowest())
table, day = catalogue.create_stream("prices", "table"), timedelta(days=1)
for ago, bid in ((3, 1), (2, None), (1, 2)):
    row = None if bid is None else {"bid": bid}
    pushed = {"value": {"A": row}, "at": (timezone.now() - ago * day).isoformat()}
    storing.push(table, partial(read_push, __import__("json").dumps(pushed).encode()))
table.refresh_from_db()
print([history.heads_at([table], timezone.now() - ago * day)[table.pk][0][1] for ago in (2.5, 1.5, 0)])
"""


def test_samples_are_thinned_tables_measured_and_their_past_read(postgresql: PostgreSQL, launcher: Launcher) -> None:
    site = Manage(launcher, "site", SITE | {"DATABASE_URL": postgresql.create_database("for-samples")})
    site.manage("migrate")
    thinned, measured, slowest, past = site.shell(ON_POSTGRESQL).splitlines()
    assert thinned == "98 [0, 99] 100"
    assert measured == "1 True True True"
    assert re.fullmatch(r"\w+: [\d.]+ ms to count", slowest)
    assert past == "[{'A': {'bid': 1}}, {}, {'A': {'bid': 2}}]"


def test_the_role_of_the_docs_reads_switchboard_but_no_secrets(
    postgresql: PostgreSQL, launcher: Launcher, settings: Any
) -> None:
    url = postgresql.create_database("switchboard-for-sql")
    Manage(launcher, "migration", SITE | {"DATABASE_URL": url}).manage("migrate")
    grants = re.search(r"    CREATE ROLE switchboard_reader(?:.*\n)+?\n", (ROOT / "docs/boards.md").read_text())
    assert grants
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE careless LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO careless")
        connection.execute(grants[0].encode())
    named = {name: re.sub(r"//\w+@", f"//{name}@", url) for name in ("switchboard_reader", "careless")}
    settings.SQL_SOURCES = named
    assert ask("SELECT count(*) FROM accounts_user", connection="switchboard_reader") == 0
    assert ask("SELECT slug, label FROM streams_stream", "table", "switchboard_reader") == {}
    with pytest.raises(QueryFailed, match="Permission denied"):
        ask("SELECT password FROM accounts_user", connection="switchboard_reader")
    with pytest.raises(QueryFailed, match="may read accounts_"):
        ask("SELECT 1", connection="careless")


@pytest.mark.usefixtures("sources")
def test_a_huge_cell_costs_this_process_nothing_and_is_said() -> None:
    ask("SELECT 1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(QueryFailed, match=r"memory|more than"):
        ask("SELECT repeat('x', 200000000)", "text", patience=20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB
    assert ask("SELECT 1") == 1
