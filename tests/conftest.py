"""Fixtures of all tests: real servers, outside clients, a browser; the log of a server when its test fails.

Fixtures import what they need themselves, so that a pure test loads no browser and no server.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from django.db import connections, transaction
from django.test import TransactionTestCase

from realtime.limits import quotas
from tests import kept_database
from tests.house import PACKAGES, ROOT, TABLES
from tests.watched_tables import WatchedTables

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page
    from pytest_django.plugin import DjangoDbBlocker

    from harness.client import Client
    from harness.launcher import Launcher
    from harness.servers import PostgreSQL, Redis, Serve

TESTS = Path(__file__).parent
#: Where the launcher is while there is one.
LAUNCHER = pytest.StashKey["Launcher"]()
#: Tables that migrations fill and no test changes.
LASTING = {"django_content_type", "auth_permission"}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder. Browser tests share one event loop, since the browser lives in it."""
    for item in items:
        if TESTS / "browser" in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        elif TESTS / "system" in item.path.parents:
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.timeout(300))  # the first ones start the servers, too


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Prevents Hypothesis' plugin from importing Hypothesis for a report of tests that did not use it."""
    plugin = session.config.pluginmanager.get_plugin("hypothesispytest")
    if plugin and "hypothesis" not in sys.modules:
        session.config.pluginmanager.unregister(plugin)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show the servers' logs with a failure."""
    report: Any = yield
    if report.failed and (launcher := item.config.stash.get(LAUNCHER, None)):
        report.sections += [(f"log of {service.name}", service.tail()) for service in launcher.running]
    return report


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), kept_database.copied():
        yield


@pytest.fixture(autouse=True)
def full_quotas() -> None:
    """Start each test with full quotas: another test may have spent under the same id."""
    for quota in quotas.QUOTAS:
        quota.reset()


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """After a test, delete the rows of the tables that tests fill.

    Django's flush would also delete the rows of migrations and make them again each time, model by model. PostgreSQL's
    TRUNCATE would make new files for forty tables and their indexes, for a few rows.
    """

    def empty(case: TransactionTestCase) -> None:
        for name in case.databases:
            tables = set(connections[name].introspection.django_table_names()) - LASTING
            with transaction.atomic(using=name), connections[name].cursor() as cursor:
                for table in sorted(tables):  # references are checked when all tables are empty
                    cursor.execute(f'DELETE FROM "{table}"')

    with pytest.MonkeyPatch.context() as patch:
        # private: Django has no public way to empty otherwise
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(scope="session")
def watched_tables() -> WatchedTables:
    watched = WatchedTables(ROOT, PACKAGES, TABLES, passes_on={"realtime"})
    watched.watch()
    return watched


@pytest.fixture(autouse=True)
def only_stores_write_logs(watched_tables: WatchedTables) -> Iterator[None]:
    """Fail a test in which any module but their store writes messages or samples."""
    watched_tables.found.clear()
    yield
    assert watched_tables.found == []


@pytest.fixture(scope="session")
def launcher(pytestconfig: pytest.Config) -> Iterator[Launcher]:
    """Starts servers; those that a test leaves running end with the session."""
    from harness.launcher import Launcher

    # Treat CI's time limit (SIGTERM) like Ctrl-C, so that fixtures end the servers.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Launcher() as launcher:
        pytestconfig.stash[LAUNCHER] = launcher
        yield launcher
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def redis(launcher: Launcher) -> Redis:
    from harness.servers import Redis

    return Redis(launcher, "redis").start()


@pytest.fixture(scope="session")
def postgresql(launcher: Launcher) -> PostgreSQL:
    from harness.servers import PostgreSQL

    return PostgreSQL(launcher, "postgresql").start()


@pytest.fixture(scope="session")
def live_switchboard(launcher: Launcher) -> Serve:
    """Switchboard with SQLite and demo content, started by bin/serve, for browsers and outside clients.

    Tests share it, so each makes its own rooms and people (`live_switchboard.shell(…)` runs Python there).
    """
    from harness.servers import Serve

    settings = {"GUEST_BURST": "1000", "GUESTS_PER_SECOND": "100", "ROOMS_PER_PERSON": "1000"}
    return Serve(launcher, "switchboard", settings).start()


@pytest.fixture
async def guest(live_switchboard: Serve) -> AsyncIterator[Callable[[str], Awaitable[Client]]]:
    """Signs in a new guest with this name at `live_switchboard` and returns the client."""
    from harness.client import Client

    async with AsyncExitStack() as stack:

        async def enter(name: str) -> Client:
            return await stack.enter_async_context(await Client.guest(live_switchboard.address, name))

        yield enter


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright, expect

    from harness.client import PATIENCE
    from harness.launcher import program
    from harness.programs import BROWSERS

    path = program(*BROWSERS)
    expect.set_options(timeout=1000 * PATIENCE)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser, live_switchboard: Serve) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Opens a browser window with cookies of its own: `page = await new_page(); await page.goto("/")`.

    Options are Playwright's for a context (`color_scheme="dark"`, `viewport={…}`). An error in a page's
    console, or a violation of the content security policy, fails the test; expected errors go into
    `page.expected_errors`, a list of texts.
    """
    pages: list[Page] = []
    errors: list[tuple[Page, str]] = []

    async def open_page(**options: Any) -> Page:
        options.setdefault("locale", "en-GB")  # a region with 24-hour times
        context = await browser.new_context(base_url=live_switchboard.address, **options)
        page = await context.new_page()
        page.expected_errors = []  # type: ignore[attr-defined]

        def note(message: ConsoleMessage) -> None:
            if message.type == "error":
                errors.append((page, message.text))

        page.on("console", note)
        page.on("pageerror", lambda error: errors.append((page, str(error))))
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        await page.context.close()
    unexpected = [text for page, text in errors if not any(known in text for known in page.expected_errors)]  # type: ignore[attr-defined]
    assert not unexpected, f"errors in the browser's console: {unexpected}"
