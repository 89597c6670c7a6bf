import pytest

from accounts.models import Kind, User

pytestmark = pytest.mark.django_db


def test_a_user_on_the_wire_is_what_the_protocol_says() -> None:
    account, guest = User.objects.create_user("ada", name="Ada"), User.objects.create_guest("Ada")
    assert account.on_wire() == {"id": account.pk, "name": "Ada", "guest": False}
    assert guest.on_wire() == {"id": guest.pk, "name": "Ada", "guest": True}


def test_a_guest_named_like_an_account_deceives_nobody() -> None:
    assert str(User.objects.create_guest("Ada")) == "Ada (guest)"


def test_the_shown_name_is_the_user_name_unless_told() -> None:
    user = User.objects.create_user("ada", "secret words")
    assert (user.name, user.kind, user.check_password("secret words")) == ("ada", Kind.ACCOUNT, True)


def test_a_password_is_not_kept() -> None:
    user = User.objects.create_superuser("ada", "secret words")
    assert "secret words" not in str(User.objects.values().get())
    assert user.is_superuser
