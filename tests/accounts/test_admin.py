"""Banning, signing out and inviting, by the admin's own pages."""

import re
from datetime import timedelta

from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import AsyncClient
from django.utils import timezone

from accounts.models import Invite, User, hash_token
from realtime.storage.database import in_database
from tests.team import Connect, Team, signed_in


async def staff(*permissions: str) -> AsyncClient:
    """Return the browser of a member of staff with these rights (all, when none are named)."""
    user = await User.objects.acreate(username="staff", name="Staff", is_staff=True, is_superuser=not permissions)
    await user.user_permissions.aset(
        [permission async for permission in Permission.objects.filter(codename__in=permissions)]
    )
    return await signed_in(user)


async def act(browser: AsyncClient, action: str, *users: User) -> int:
    fields = {"action": action, "_selected_action": [user.pk for user in users]}
    return (await browser.post("/admin/accounts/user/", fields)).status_code


async def test_a_ban_closes_every_socket_and_every_way_in(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.gast)
    sockets = [await connect(browser), await connect(team.gast), await connect(team.gast, "/ws/chat/")]
    robo, bystander = await connect(team.token), await connect(team.bob)
    boss = await staff()
    assert await act(boss, "ban", team.gast, team.robo) == 302
    for socket in (*sockets, robo):
        await socket.assert_closed(4403)
    await (await connect(browser)).assert_closed(4401)
    await (await connect(team.token)).assert_closed(4401)
    assert (await browser.get("/api/rooms/")).status_code == 401
    assert (await bystander.call("ping"))["type"] == "pong"

    assert await act(boss, "unban", team.robo) == 302
    assert (await (await connect(team.token)).assert_event("hello"))["user"]["name"] == "Robo"


async def test_a_new_password_closes_every_socket_of_the_old_one(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.bob)
    sockets, bystander = [await connect(browser), await connect(team.bob)], await connect(team.alice)
    new = {"password1": "Kr8nich am See", "password2": "Kr8nich am See", "usable_password": "true"}
    answer = await (await staff()).post(f"/admin/accounts/user/{team.bob.pk}/password/", new)
    assert answer.status_code == 302
    for socket in sockets:
        await socket.assert_closed(4401)
    await (await connect(browser)).assert_closed(4401)
    assert (await bystander.call("ping"))["type"] == "pong"


async def test_what_is_saved_of_a_person_otherwise_closes_nothing(team: Team, connect: Connect) -> None:
    socket = await connect(team.bob)
    team.bob.name = "Robert"
    await in_database(team.bob.save)()
    await (await staff()).post("/sign-out/")
    await socket.assert_silence()


async def test_nobody_bans_themselves(team: Team, connect: Connect) -> None:
    boss = await staff()
    user = await User.objects.aget(username="staff")
    await act(boss, "ban", user)
    assert (await boss.get("/admin/")).status_code == 200


async def test_signing_out_everywhere_ends_sessions_and_sockets_of_that_person_alone(
    team: Team, connect: Connect
) -> None:
    browsers = [await signed_in(team.alice), await signed_in(team.alice)]
    sockets = [await connect(browser) for browser in browsers]
    bystander = await signed_in(team.bob)
    socket = await connect(bystander)
    assert await act(await staff(), "sign_out_everywhere", team.alice) == 302
    for each in sockets:
        await each.assert_closed(4401)
    assert [(await browser.get("/api/rooms/")).status_code for browser in browsers] == [401, 401]
    assert (await bystander.get("/api/rooms/")).status_code == 200
    assert (await socket.call("ping"))["type"] == "pong"
    assert await Session.objects.acount() == 2


async def test_who_may_only_look_at_people_cannot_ban_them(team: Team, connect: Connect) -> None:
    onlooker = await staff("view_user")
    for action in ("ban", "sign_out_everywhere"):
        await act(onlooker, action, team.alice)
    await in_database(team.alice.refresh_from_db)()
    assert team.alice.is_active
    assert await Session.objects.acount() == 1, "the onlooker's own"


async def test_nobody_is_deleted(team: Team, connect: Connect) -> None:
    boss = await staff()
    assert (await boss.get(f"/admin/accounts/user/{team.bob.pk}/delete/")).status_code == 403
    page = (await boss.get("/admin/accounts/user/")).content.decode()
    assert "delete_selected" not in page
    assert team.robo.token_hash
    assert team.robo.token_hash not in (await boss.get(f"/admin/accounts/user/{team.robo.pk}/change/")).content.decode()


async def test_an_invite_is_made_with_a_link_to_send(team: Team, connect: Connect) -> None:
    boss = await staff()
    tomorrow = timezone.now() + timedelta(days=1)
    fields = {"note": "Dora", "expires_at_0": f"{tomorrow:%Y-%m-%d}", "expires_at_1": "12:00:00"}
    assert (await boss.get("/admin/accounts/invite/add/")).status_code == 200
    assert (await boss.post("/admin/accounts/invite/add/", fields)).status_code == 302
    invite = await Invite.objects.select_related("made_by").aget()
    assert (invite.note, invite.made_by.username) == ("Dora", "staff")
    told = (await boss.get("/admin/accounts/invite/")).content.decode()
    [token] = re.findall(r"/join/open/#(invite_[\w-]{43})", told)
    assert invite.token_hash == hash_token(token)
    for path in ("/admin/accounts/invite/", f"/admin/accounts/invite/{invite.pk}/change/"):
        page = (await boss.get(path)).content.decode()
        assert "open" in page
        assert token not in page, "it is shown once"
        assert invite.token_hash not in page
