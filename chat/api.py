"""The HTTP half of chat: status, rooms, messages, members."""

from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import User
from chat.log import messages, pages
from chat.models import Membership, Room, RoomKind
from chat.presence.connections import alive_rows
from chat.rooms import direct
from chat.rooms.access import open_room, owned_room, require_person, visible_rooms
from chat.rooms.members import grant, revoke
from chat.rooms.rooms import create_room, let_guests_in
from chat.rooms.unread import Unread, counts
from realtime import process
from realtime.consumers import now
from realtime.wire.protocol import LARGEST, timestamp
from web.http import ApiError, answers_errors, json_body, number_parameter, text_field

PAGE = 50
LARGEST_PAGE = 200

#: The query parameters that choose a page of messages, and how each reads it.
READERS: Final = {
    "after": pages.changed_after,
    "before": pages.before,
    "after_seq": pages.following,
    "around": pages.around,
}


@answers_errors
def status(request: HttpRequest) -> HttpResponse:
    """GET: connected clients over all processes, the server's time, who is in each public room that the caller sees."""
    if request.method not in ("GET", "HEAD"):
        raise ApiError("method_not_allowed", "GET tells the status.")
    clients, processes = async_to_sync(process.client_count)()
    public = visible_rooms(request.user).filter(kind=RoomKind.PUBLIC).values_list("pk", "slug")
    counts = alive_rows().values_list("room").annotate(people=Count("user", distinct=True))
    by_room = dict(counts)
    return JsonResponse(
        {
            "time": now(),
            "clients": clients,
            "processes": processes,
            "rooms": {slug: by_room.get(pk, 0) for pk, slug in public},
            "build": process.build(),
        }
    )


@answers_errors
def rooms(request: HttpRequest) -> HttpResponse:
    """GET: the rooms that the caller may see. POST {"name", "topic"?, "members_only"?, "guests"?}: makes one, 201."""
    user = require_person(request.user)
    if request.method == "POST":
        body = json_body(request)
        members_only, guests = _switch(body, "members_only"), _switch(body, "guests")
        topic = text_field(body, "topic") if "topic" in body else ""
        room = create_room(user, text_field(body, "name"), topic=topic, members_only=members_only, guests=guests)
        return JsonResponse({"room": _room(room, Unread(0, 0, 0, 0))}, status=201)
    if request.method != "GET":
        raise ApiError("method_not_allowed", "GET lists rooms, POST makes one.")
    found = list(visible_rooms(user))
    unread = counts({user.pk: [room.pk for room in found]})[user.pk]
    named = direct.shown_to(user, found)
    return JsonResponse({"rooms": [_room(room, unread[room.pk]) | named.get(room.pk, {}) for room in found]})


def _switch(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise ApiError("invalid", f"Give `{name}` as true or false.", field=name)
    return value


@answers_errors
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: what the page of a room shows. PATCH {"guests"}: its owner lets guests in or keeps them out; 200."""
    user = require_person(request.user)
    if request.method == "GET":
        return JsonResponse(page_of(open_room(user, slug), user))
    if request.method != "PATCH":
        raise ApiError("method_not_allowed", "GET reads a room, PATCH changes it.")
    body = json_body(request)
    if "guests" not in body:
        raise ApiError("invalid", "Give `guests` as true or false.", field="guests")
    found = owned_room(user, slug)
    if found.kind != RoomKind.PUBLIC:
        raise ApiError("conflict", "Guests are only in public rooms.")
    let_guests_in(found, _switch(body, "guests"))
    return JsonResponse({"room": _room(found, counts({user.pk: [found.pk]})[user.pk][found.pk])})


def page_of(room: Room, viewer: User) -> dict[str, Any]:
    """Return what the page of a room shows besides its log: {"room", "members": none but of members-only rooms}."""
    shown = {"slug": room.slug, "name": room.name, "topic": room.topic, "kind": room.kind, "guests": room.guests}
    shown |= {"archived": room.archived_at is not None, "owner": room.owner_id}
    shown |= direct.shown_to(viewer, [room]).get(room.pk, {})
    return {"room": shown, "members": members_of(room) if room.kind == RoomKind.MEMBERS else []}


def _room(room: Room, count: Unread) -> dict[str, Any]:
    return {
        "slug": room.slug,
        "name": room.name,
        "topic": room.topic,
        "kind": room.kind,
        "guests": room.guests,
        "rev": room.rev,
        "seq": room.seq,
        "read": count.read,
        "unread": count.unread,
    }


@answers_errors
def direct_room(request: HttpRequest) -> HttpResponse:
    """POST {"people": [ids]}: the direct room of these people and the caller; 201 when it is new, else 200."""
    user = require_person(request.user)
    if request.method != "POST":
        raise ApiError("method_not_allowed", "POST opens a direct room.")
    ids = json_body(request).get("people")
    if not isinstance(ids, list) or not all(type(each) is int and 0 < each <= LARGEST for each in ids):
        raise ApiError("invalid", "Give `people` as a list of the ids of users.", field="people")
    room, is_new = direct.open_direct(user, ids)
    shown = {"slug": room.slug, "kind": room.kind, **direct.shown_to(user, [room])[room.pk]}
    return JsonResponse({"room": shown}, status=201 if is_new else 200)


@answers_errors
def room_messages(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: a page of the log. POST {"id", "body"}: sends a message, like the command `send`."""
    user = require_person(request.user)
    room = open_room(user, slug)
    if request.method == "POST":
        return _send(request, room)
    if request.method != "GET":
        raise ApiError("method_not_allowed", "GET reads messages, POST sends one.")
    limit = number_parameter(request, "limit")
    limit = PAGE if limit is None else limit
    if not 1 <= limit <= LARGEST_PAGE:
        raise ApiError("invalid", f"`limit` is 1 to {LARGEST_PAGE}.", field="limit")
    places = {name: place for name in READERS if (place := number_parameter(request, name)) is not None}
    if len(places) > 1:
        raise ApiError("invalid", f"Give one of {', '.join(f'`{name}`' for name in READERS)}.", field=[*places][-1])
    for name, place in places.items():
        page = READERS[name](room.pk, place, limit)
        break
    else:
        page = pages.newest(room.pk, limit)
    answer = {"messages": page.messages, "complete": page.complete, "rev": page.rev, "seq": page.seq}
    if "after" not in places:  # these pages are in the order of seq
        seqs = [message["seq"] for message in page.messages]
        first, last = (seqs[0], seqs[-1]) if seqs else (None, None)
        answer |= {"first": first, "last": last, "newer": bool(seqs) and seqs[-1] < page.seq}
    return JsonResponse(answer)


def _send(request: HttpRequest, room: Room) -> HttpResponse:
    user = require_person(request.user)
    body = json_body(request)
    try:
        client_id = UUID(text_field(body, "id"))
    except ValueError:
        raise ApiError("invalid", "`id` must be a UUID, minted by you.", field="id") from None
    reply_to = body.get("reply_to")
    if reply_to is not None and (type(reply_to) is not int or not 1 <= reply_to < 2**53):
        raise ApiError("invalid", "`reply_to` must be the seq of a message.", field="reply_to")
    applied = messages.write(messages.post(room.pk, user, client_id, text_field(body, "body"), reply_to))
    return JsonResponse(
        {
            "room": room.slug,
            "id": str(client_id),
            "seq": applied.seq,
            "rev": applied.rev,
            "at": timestamp(applied.at),
            "duplicate": applied.duplicate,
        },
        status=200 if applied.duplicate else 201,
    )


@answers_errors
def acknowledge(request: HttpRequest, slug: str, seq: int) -> HttpResponse:
    """POST: takes charge of an alert, like the command `acknowledge`."""
    user = require_person(request.user)
    if request.method != "POST":
        raise ApiError("method_not_allowed", "POST acknowledges an alert.")
    room = open_room(user, slug)
    applied = messages.write(messages.acknowledge(room.pk, user, min(seq, LARGEST)))
    return JsonResponse({"room": room.slug, "seq": seq, "rev": applied.rev, "duplicate": applied.duplicate})


@answers_errors
def room_members(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the members of a members-only room. POST {"name"}: its owner adds one, 201."""
    user = require_person(request.user)
    if request.method == "POST":
        member = grant(user, slug, text_field(json_body(request), "name"))
        return JsonResponse({"user": member.on_wire()}, status=201)
    if request.method != "GET":
        raise ApiError("method_not_allowed", "GET lists members, POST adds one.")
    room = open_room(user, slug)
    return JsonResponse({"members": members_of(room), "owner": room.owner_id})


@answers_errors
def room_member(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """DELETE: the owner removes a member, or the member leaves; 204."""
    user = require_person(request.user)
    if request.method != "DELETE":
        raise ApiError("method_not_allowed", "DELETE takes a member out.")
    revoke(user, slug, min(user_id, LARGEST))  # databases take no longer id
    return HttpResponse(status=204)


def members_of(room: Room) -> list[dict[str, Any]]:
    """Return the members of a room, as on the wire, by name."""
    memberships = Membership.objects.filter(room=room).select_related("user").order_by("user__name")
    return [membership.user.on_wire() for membership in memberships]
