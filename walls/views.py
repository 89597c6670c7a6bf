"""The page of a wall, for everyone who has its link, and the page of all screens, for staff."""

import time
from typing import Any, Final

import segno
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from realtime.limits.buckets import Buckets, network_of
from realtime.process import build
from walls import links
from walls.links import Link
from walls.models import ScreenLink, Wall
from web.throttling import address_of

#: The cookies that hold tokens: one for a paired screen, and one for each opened link. Browsers keep a cookie for at
#: most 400 days, so each visit renews it.
COOKIE: Final = "screen"
LINK_COOKIE: Final = "link-{}"
COOKIE_AGE: Final = 400 * 24 * 60 * 60
#: How many wrong links one address may try: at once, then per second.
wrong: Final = Buckets(20, 1)


def wall(request: HttpRequest, pk: int) -> HttpResponse:
    """The boards of a wall, for a browser that has opened this link; nobody is signed in."""
    token = request.COOKIES.get(LINK_COOKIE.format(pk), "")
    link = links.good_link(token)
    if link is None or link.pk != pk:
        return _gone(request)
    return keep_token(wall_page(request, link, token), token, reverse("wall", args=[pk]), LINK_COOKIE.format(pk))


@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest) -> HttpResponse:
    """The page that a link opens. The token is in the fragment, which no server or log sees; the page posts it."""
    if request.method == "POST":
        return _exchanged(request, request.POST.get("token", ""))
    return render(request, "open_link.html", {"what": _("This opens a wall")})


@require_safe
def old_link(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an old link, with the token in its path."""
    return _exchanged(request, token)


def _exchanged(request: HttpRequest, token: str) -> HttpResponse:
    """Put the token into a cookie and redirect to an address without it."""
    link = links.good_link(token)
    if link is None:
        return _gone(request)
    address = reverse("wall", args=[link.pk])
    return keep_token(kept_nowhere(redirect(address)), token, address, LINK_COOKIE.format(link.pk))


def keep_token(response: HttpResponse, token: str, path: str, name: str = COOKIE) -> HttpResponse:
    """Set the cookie with a token for the pages below `path`."""
    response.set_cookie(
        name,
        token,
        max_age=COOKIE_AGE,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    wait = wrong.take(network_of(address_of(request)), time.monotonic())
    return kept_nowhere(render(request, "walls/wall_gone.html", status=429 if wait else 404))


def wall_page(request: HttpRequest, link: Link, token: str, key: str | None = None) -> HttpResponse:
    """Return the page of a link's wall. `key`: the screen's key; None to use the one that its browser keeps."""
    shown = Wall.objects.get(pk=link.wall)
    config = {"token": token, "build": build(), "key": key}
    return kept_nowhere(render(request, "walls/wall.html", {"wall": shown, "config": config}))


def kept_nowhere(response: HttpResponse) -> HttpResponse:
    """Keep a page that holds a secret, perhaps in its address, out of caches, search indexes and the Referer header.

    Do not use it for a page with a form: without a Referer the form is sent without an Origin, and refused.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


class LinkForm(forms.Form):
    wall = forms.ModelChoiceField(Wall.objects.all(), label=_("Wall"), empty_label=None)
    note = forms.CharField(label=_("For which screen"), max_length=80, required=False)
    days = forms.IntegerField(
        label=_("Good for days"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=_("Empty: until it is revoked."),
    )


@permission_required(["walls.view_screen", "walls.view_screenlink"], raise_exception=True)
def screen_list(request: HttpRequest) -> HttpResponse:
    """The page of all screens and all links."""
    return _page(request, LinkForm())


@permission_required("walls.add_screenlink", raise_exception=True)
@require_POST
def new_link(request: HttpRequest) -> HttpResponse:
    """Make a link and show it once, with its QR code."""
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    token = links.issue_link(**form.cleaned_data)
    address = f"{request.build_absolute_uri(reverse('open_wall'))}#{token}"
    qr = segno.make(address, error="m").svg_data_uri(scale=6, border=4, dark="#000", light="#fff")
    context = {"address": address, "qr": qr, "wall": form.cleaned_data["wall"], "note": form.cleaned_data["note"]}
    response = render(request, "walls/new_link.html", context)
    response["Cache-Control"] = "no-store"
    return response


@permission_required("walls.change_screenlink", raise_exception=True)
@require_POST
def revoke_link(request: HttpRequest, pk: int) -> HttpResponse:
    links.revoke_link(get_object_or_404(ScreenLink, pk=pk))
    return redirect("screens")


def _page(request: HttpRequest, form: LinkForm, status: int = 200) -> HttpResponse:
    may = request.user.has_perm
    links = ScreenLink.objects.filter(revoked_at=None).select_related("wall")
    context: dict[str, Any] = {
        "form": form,
        "links": links,
        "walls": Wall.objects.prefetch_related("places__board"),
        "may_make": may("walls.add_screenlink"),
        "may_revoke": may("walls.change_screenlink"),
        "config": {"mayChange": may("walls.change_screen")},
    }
    return render(request, "walls/screens.html", context, status=status)
