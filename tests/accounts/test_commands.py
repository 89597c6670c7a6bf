import pytest
from django.core.management import CommandError, call_command

from accounts.models import Kind, User
from accounts.signing_in.tokens import bot_for

pytestmark = pytest.mark.django_db


def test_createbot_prints_a_token_once_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("createbot", "Robo")
    printed = capsys.readouterr()
    bot = bot_for(printed.out.strip())
    assert bot is not None
    assert (bot.name, bot.kind, bot.is_guest) == ("Robo", Kind.BOT, False)
    assert "Robo" in printed.err


def test_createbot_refuses_a_name_that_cannot_be_seen() -> None:
    with pytest.raises(CommandError, match="A name may only have characters that can be seen"):
        call_command("createbot", "Robo\u202e")
    assert not User.objects.exists()


def test_createbot_refuses_a_name_that_somebody_lasting_has() -> None:
    User.objects.create_guest("Robo")
    call_command("createbot", "Robo")
    User.objects.create_user("ada", name="Ada")
    for name in ("robo", "ADA"):
        with pytest.raises(CommandError, match="already"):
            call_command("createbot", name)


def test_ensureadmin_makes_one_admin(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ensureadmin")
    password = capsys.readouterr().out.splitlines()[1].strip()
    admin = User.objects.get()
    assert admin.check_password(password)
    assert (admin.is_superuser, admin.is_staff) == (True, True)
    call_command("ensureadmin")
    assert capsys.readouterr().out == ""
    assert User.objects.count() == 1
