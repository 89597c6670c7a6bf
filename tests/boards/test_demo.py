import pytest

from boards import boards, demo
from boards.models import Board, Widget

pytestmark = pytest.mark.django_db


def test_the_demo_boards_are_there_with_their_streams() -> None:
    demo.load()
    assert set(Board.objects.values_list("slug", flat=True)) == {"counter", "host", "chat", "database", "blotter"}
    for board in Board.objects.all():
        assert boards.board_snapshot(board.slug).event["streams"]
    for widget in Widget.objects.all():
        widget.full_clean()


def test_loading_again_changes_nothing() -> None:
    demo.load()
    Board.objects.filter(slug="host").update(title="Our machine")
    Board.objects.get(slug="chat").widgets.all().delete()
    demo.load()
    assert Board.objects.get(slug="host").title == "Our machine"
    assert not Board.objects.get(slug="chat").widgets.exists()
