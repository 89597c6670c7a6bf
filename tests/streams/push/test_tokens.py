import pytest

from streams.models import PushToken
from streams.push import tokens
from tests.streams_and_boards import pushed_stream

pytestmark = pytest.mark.django_db


def test_a_token_is_stored_hashed_and_good_until_revoked() -> None:
    token = tokens.issue_token(pushed_stream(), "cron")
    found = tokens.find_token(token)
    assert found is not None
    assert token not in str(PushToken.objects.values())
    tokens.revoke_token(found)
    assert tokens.find_token(token) is None
