"""The page of roulette."""

import pytest

from tests.chat.test_views import browser, config
from tests.team import Team

pytestmark = pytest.mark.django_db


def test_roulette_has_a_page(team: Team) -> None:
    assert config(browser(team.gast).get("/roulette/"))["me"] == team.gast.on_wire()
