"""Who is on a socket."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.sockets import session_hash
from realtime.database import in_database
from tests.cast import Cast, Connect, signed_in


async def test_a_session_cookie_says_who_it_is(cast: Cast, connect: Connect) -> None:
    socket = await connect(cast.alice)
    hello = await socket.assert_event("hello")
    assert hello["user"] == {"id": cast.alice.pk, "name": "Alice", "guest": False}
    assert (hello["protocol"], hello["heartbeat"]) == (1, settings.HEARTBEAT)


async def test_odd_cookies_of_others_do_not_hide_ours(cast: Cast, connect: Connect) -> None:
    browser = await signed_in(cast.gast)
    own = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    socket = await connect(browser, cookie=f'prefs={{"a":[1,2]}}; @@=é; {own}; x')
    assert (await socket.assert_event("hello"))["user"]["guest"] is True


async def test_a_token_says_who_it_is_and_needs_no_origin(cast: Cast, connect: Connect) -> None:
    socket = await connect(cast.token)
    assert (await socket.assert_event("hello"))["user"]["name"] == "Robo"


async def test_a_bot_talks_but_not_where_people_are_among_themselves(cast: Cast, connect: Connect) -> None:
    robo = await connect(cast.token)
    await robo.call("join", room="kitchen")
    assert (await robo.say("kitchen", "beep"))["seq"] == 1
    await robo.call("join", room="lobby")
    await robo.assert_error("forbidden", "send", room="lobby", id="00000000-0000-4000-8000-000000000001", body="beep")
    await robo.assert_error("forbidden", "roulette.enter")


async def test_nobody_is_told_to_sign_in(cast: Cast, connect: Connect) -> None:
    for who, headers in (
        (None, {"origin": "http://testserver"}),
        (None, {"origin": "http://testserver", "cookie": f"{settings.SESSION_COOKIE_NAME}=unknown"}),
        (None, {"origin": "http://testserver", "cookie": "\x7f=;;;="}),
        ("bot_unknown", {}),
    ):
        socket = await connect(who, **headers)
        assert (await socket.assert_event("error"))["detail"] == "Sign in first."
        await socket.assert_closed(4401)


async def test_a_foreign_page_is_refused(cast: Cast, connect: Connect) -> None:
    browser = await signed_in(cast.alice)
    for origin in ("https://evil.example", "null", "http://testserver:1"):
        socket = await connect(browser, origin=origin)
        assert (await socket.assert_event("error"))["code"] == "forbidden"
        await socket.assert_closed(4403)


async def test_a_banned_person_is_nobody(cast: Cast, connect: Connect) -> None:
    browser = await signed_in(cast.charlie)
    await User.objects.filter(pk=cast.charlie.pk).aupdate(is_active=False)
    await (await connect(browser)).assert_closed(4401)


def test_the_name_of_a_session_does_not_give_its_key_away() -> None:
    assert session_hash(None) is None
    assert session_hash("secret") == session_hash("secret")
    assert "secret" not in str(session_hash("secret"))
    assert session_hash("secret") != session_hash("secret2")


async def test_a_socket_knows_its_session(cast: Cast, connect: Connect, hub: object) -> None:
    from realtime.hub import current_hub

    browser = await signed_in(cast.gast)
    await connect(browser)
    await connect(cast.token)
    scopes = {each.user.pk: each.scope for each in current_hub().connections}
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert scopes[cast.gast.pk]["session"] == key
    assert scopes[cast.gast.pk]["session_hash"] == session_hash(key)
    assert (scopes[cast.robo.pk]["session"], scopes[cast.robo.pk]["session_hash"]) == (None, None)
    assert not isinstance(scopes[cast.robo.pk]["user"], AnonymousUser)
    assert await in_database(User.objects.count)() == 5
