"""What every server process does for chat."""

from django.apps import apps

from realtime import background
from realtime.delivery import hub


def test_every_process_sweeps_rechecks_and_flushes() -> None:
    work = {"the sweep of presence", "the sweep of roulette", "the recheck of memberships", "the recheck of sign-ins"}
    assert work <= set(background.registered)
    assert "the writer" in background.farewells


def test_the_hub_can_read_back_all_that_has_numbers() -> None:
    assert {"room", "heads", "presence"} <= set(hub.sources)
    assert apps.get_app_config("chat").verbose_name == "Chat"
