import pytest

from accounts.models import User
from accounts.signing_in.tokens import bearer_of, bot_for


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("", None),
    ],
)
def test_a_bearer_header_holds_a_token(header: str, token: str | None) -> None:
    assert bearer_of(header) == token


@pytest.mark.django_db
def test_a_token_is_known_by_its_hash_only() -> None:
    robo, token = User.objects.create_bot("Robo")
    assert bot_for(token) == robo
    assert token not in str(User.objects.values().get())
    assert bot_for(token[:-1]) is None
    assert bot_for(robo.token_hash or "") is None
