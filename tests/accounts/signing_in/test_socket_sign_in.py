"""Who is on a socket."""

import asyncio
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from accounts.signing_in.socket_sign_in import session_hash
from realtime.storage.database import in_database
from tests.team import Connect, Team, queries, signed_in


async def test_a_session_cookie_says_who_it_is(team: Team, connect: Connect) -> None:
    socket = await connect(team.alice)
    hello = await socket.assert_event("hello")
    assert hello["user"] == {"id": team.alice.pk, "name": "Alice", "guest": False}
    assert (hello["protocol"], hello["heartbeat"]) == (1, settings.HEARTBEAT)


async def test_odd_cookies_of_others_do_not_hide_ours(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.gast)
    own = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    socket = await connect(browser, cookie=f'prefs={{"a":[1,2]}}; @@=é; {own}; x')
    assert (await socket.assert_event("hello"))["user"]["guest"] is True


async def test_a_key_that_no_session_has_is_not_looked_for(team: Team, connect: Connect) -> None:
    for key in (r'"aaaaaaaaaaaaaaaa\000b"', "é" * 32, "a b" * 10, "-" * 32, '""'):
        with queries() as asked:
            socket = await connect(None, origin="http://testserver", cookie=f"{settings.SESSION_COOKIE_NAME}={key}")
            await socket.assert_closed(4401)
        assert not any("django_session" in each for each in asked)


async def test_a_token_says_who_it_is_and_needs_no_origin(team: Team, connect: Connect) -> None:
    socket = await connect(team.token)
    assert (await socket.assert_event("hello"))["user"]["name"] == "Robo"


async def test_a_bot_talks_but_not_where_people_are_among_themselves(team: Team, connect: Connect) -> None:
    robo = await connect(team.token)
    await robo.call("join", room="kitchen")
    assert (await robo.say("kitchen", "beep"))["seq"] == 1
    await robo.call("join", room="lobby")
    await robo.assert_error("forbidden", "send", room="lobby", id="00000000-0000-4000-8000-000000000001", body="beep")
    await robo.assert_error("forbidden", "roulette.enter")


async def test_nobody_is_told_to_sign_in(team: Team, connect: Connect) -> None:
    for who, headers in (
        (None, {"origin": "http://testserver"}),
        (None, {"origin": "http://testserver", "cookie": f"{settings.SESSION_COOKIE_NAME}=unknown"}),
        (None, {"origin": "http://testserver", "cookie": "\x7f=;;;="}),
        ("bot_unknown", {}),
    ):
        socket = await connect(who, **headers)
        assert (await socket.assert_event("error"))["detail"] == "Sign in first."
        await socket.assert_closed(4401)


async def test_a_foreign_page_is_refused(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.alice)
    for origin in ("https://evil.example", "null", "http://testserver:1"):
        socket = await connect(browser, origin=origin)
        assert (await socket.assert_event("error"))["code"] == "forbidden"
        await socket.assert_closed(4403)


async def test_a_session_made_with_the_last_secret_key_is_good_and_stays_as_it_is(
    team: Team, connect: Connect, settings: Any
) -> None:
    browser = await signed_in(team.alice)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [settings.SECRET_KEY]
    for _ in range(2):
        hello = await (await connect(browser)).assert_event("hello")
        assert hello["user"]["name"] == "Alice"
    settings.SECRET_KEY_FALLBACKS = []
    await (await connect(browser)).assert_closed(4401)


async def test_a_session_of_an_older_password_or_that_has_expired_is_nobodys(team: Team, connect: Connect) -> None:
    old, expired = await signed_in(team.alice), await signed_in(team.bob)
    team.alice.set_password("something else")
    await in_database(team.alice.save)()
    moment = timezone.now()
    await Session.objects.filter(pk=expired.cookies[settings.SESSION_COOKIE_NAME].value).aupdate(expire_date=moment)
    for browser in (old, expired):
        await (await connect(browser)).assert_closed(4401)


async def test_a_hundred_who_come_at_once_take_no_more_queries_than_a_few(team: Team, connect: Connect) -> None:
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(100)]
    browsers = [await signed_in(user) for user in people]
    await (await connect(team.alice)).assert_event("heads")
    with queries() as made:
        await (await connect(browsers[0])).assert_event("heads")
    # Session and user, public rooms and memberships, heads. For somebody new, also: the rooms' numbers and read marks
    # (none yet), the date of the account, and the new marks, in a transaction.
    assert len(made) == 10, made
    with queries() as made:
        sockets = await asyncio.gather(*[connect(browser) for browser in browsers[1:]])
        for socket in sockets:
            await socket.assert_event("heads")
    assert len(made) <= 4 * 10, made
    names = [(await socket.assert_event("hello"))["user"]["name"] for socket in sockets]
    assert names == [user.name for user in people[1:]]


async def test_a_banned_person_is_nobody(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.charlie)
    await User.objects.filter(pk=team.charlie.pk).aupdate(is_active=False)
    await (await connect(browser)).assert_closed(4401)


def test_the_name_of_a_session_does_not_give_its_key_away() -> None:
    assert session_hash(None) is None
    assert session_hash("secret") == session_hash("secret")
    assert "secret" not in str(session_hash("secret"))
    assert session_hash("secret") != session_hash("secret2")


async def test_a_socket_knows_its_session(team: Team, connect: Connect, hub: object) -> None:
    from realtime.delivery.hub import current_hub

    browser = await signed_in(team.gast)
    await connect(browser)
    await connect(team.token)
    scopes = {each.user.pk: each.scope for each in current_hub().connections}
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert scopes[team.gast.pk]["session"] == key
    assert scopes[team.gast.pk]["session_hash"] == session_hash(key)
    assert (scopes[team.robo.pk]["session"], scopes[team.robo.pk]["session_hash"]) == (None, None)
    assert not isinstance(scopes[team.robo.pk]["user"], AnonymousUser)
    assert await in_database(User.objects.count)() == 5
