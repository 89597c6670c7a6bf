"""Reports and blocks in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import AsyncClient

from accounts.models import User
from chat.log import store
from realtime.storage.database import in_database
from roulette.models import Report
from tests.team import Team, says, signed_in


@pytest.fixture
async def boss(team: Team) -> AsyncClient:
    return await signed_in(await User.objects.acreate(username="boss", name="Boss", is_staff=True, is_superuser=True))


@pytest.fixture
async def report(team: Team, hub: Any) -> Report:
    await in_database(store.apply)([says(team.kitchen, team.alice, "hello")])
    return await Report.objects.acreate(reporter=team.alice, reported=team.bob, room=team.kitchen, reason="rude")


async def test_a_report_shows_what_was_said(boss: AsyncClient, report: Report) -> None:
    for model in ("report", "block"):
        assert (await boss.get(f"/admin/roulette/{model}/")).status_code == 200
    assert "hello" in (await boss.get(f"/admin/roulette/report/{report.pk}/change/")).content.decode()
    assert "delete_selected" not in (await boss.get("/admin/roulette/report/")).content.decode()


async def test_staff_see_and_settle_reports_with_the_right_to(report: Report) -> None:
    """The right to see is not the right to settle; and staff need a right to read private talks."""
    clerk = await User.objects.acreate(username="clerk", name="Clerk", is_staff=True)
    browser = await signed_in(clerk)

    async def give(*names: str) -> None:
        await clerk.user_permissions.aset([each async for each in Permission.objects.filter(codename__in=names)])

    async def settle() -> None:
        await browser.post("/admin/roulette/report/", {"action": "settle", "_selected_action": [report.pk]})
        await report.arefresh_from_db()

    for page in ("", f"{report.pk}/change/"):
        assert (await browser.get(f"/admin/roulette/report/{page}")).status_code == 403
    await give("view_report")
    assert (await browser.get("/admin/roulette/report/")).status_code == 200
    await settle()
    assert report.settled_at is None
    await give("view_report", "change_report")
    await settle()
    assert report.settled_at is not None
