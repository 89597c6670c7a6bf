"""The page of a screen without a link, which shows a code, and the page on which somebody enters the code."""

import time
from typing import Any, Final

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from realtime.limits.buckets import Buckets, network_of
from realtime.storage import clock
from walls import codes, links, screens
from walls.codes import CodeRefused, TooManyWait
from walls.models import ScreenCode, ScreenLink, Wall
from walls.views import COOKIE, keep_token, kept_nowhere, wall_page
from web.throttling import address_of

#: How many codes one address may ask for, and one person may enter: at once, then per second. Per process.
asked: Final = Buckets(30, 0.2)
entered: Final = Buckets(30, 0.2)


@require_safe
def screen(request: HttpRequest) -> HttpResponse:
    """The wall that this browser is paired with, or a code to pair it."""
    secret = request.COOKIES.get(COOKIE, "")
    link = links.good_link(secret)
    if link is not None:
        return keep_token(wall_page(request, link, secret, key=codes.KEY), secret, reverse("this_screen"))
    screen_code = codes.waiting(secret)
    if screen_code is None:
        if asked.take(network_of(address_of(request)), time.monotonic()):
            return _code_page(request, None)
        try:
            screen_code, secret = codes.ask(address_of(request))
        except TooManyWait:
            return _code_page(request, None)
    return keep_token(_code_page(request, screen_code), secret, reverse("this_screen"))


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Return the screen's code, `{"code", "seconds"}`; `{"code": null}` when it should load something else."""
    screen_code = codes.waiting(request.COOKIES.get(COOKIE, ""))
    told = {"code": str(screen_code), "seconds": _seconds(screen_code)} if screen_code else {"code": None}
    return kept_nowhere(JsonResponse(told))


def _code_page(request: HttpRequest, screen_code: ScreenCode | None) -> HttpResponse:
    context: dict[str, Any] = {"config": {"code": None}}
    if screen_code:
        address = request.build_absolute_uri(reverse("pair"))
        qr = segno.make(f"{address}?code={screen_code.code}", error="m")
        context = {
            "code": str(screen_code),
            "address": address.partition("://")[2],
            "qr": qr.svg_data_uri(scale=6, border=4, dark="#000", light="#fff"),
            "config": {"code": str(screen_code), "seconds": _seconds(screen_code)},
        }
    return kept_nowhere(render(request, "walls/code.html", context, status=200 if screen_code else 429))


def _seconds(screen_code: ScreenCode) -> int:
    return round((screen_code.expires_at - clock.now()).total_seconds())


class PairForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code on the screen"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "BCD-FGH",
            }
        ),
    )
    wall = forms.ModelChoiceField(Wall.objects.all(), label=gettext_lazy("Wall"), empty_label=None)
    name = forms.CharField(
        label=gettext_lazy("Name of the screen"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": gettext_lazy("Kitchen")}),
    )

    def clean_code(self) -> ScreenCode:
        try:
            return codes.find(self.cleaned_data["code"])
        except CodeRefused as refused:
            raise ValidationError(str(refused)) from None

    def clean_name(self) -> str:
        try:
            return screens.clean_name(self.cleaned_data["name"])
        except ValueError as error:
            raise ValidationError(str(error)) from None


@login_required(login_url="sign_in")
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest) -> HttpResponse:
    """Enter the code that a screen shows; `?code=` fills it in."""
    if not request.user.has_perm("walls.add_screenlink"):
        detail = _("You may not pair screens. Ask an administrator of this site.")
        return render(request, "403.html", {"detail": detail}, status=403)
    code = request.GET.get("code", "")
    form = PairForm(request.POST if request.method == "POST" else None, initial={"code": code})
    trouble, compare, status = "", None, 200
    if (code or form.is_bound) and entered.take(str(request.user.pk), time.monotonic()):
        trouble, status = _("Too many codes at once. Wait a few seconds and try again."), 429
        form = PairForm(initial=request.POST.dict() or {"code": code})  # a bound form would already look the code up
    elif form.is_bound:
        if link := _paired(form):
            messages.success(request, _("%(screen)s shows %(wall)s in a moment.") % {"screen": link, "wall": link.wall})
            return redirect("screens")
        status = 422
    elif code:
        # A code from a link may be an attacker's: ask the person to compare it with the screen (RFC 8628, section 5.4).
        try:
            compare = codes.find(code)
        except CodeRefused as refused:
            trouble, status = str(refused), 422
    form.fields["code"].widget.attrs["autofocus"] = compare is None
    context = {
        "form": form,
        "trouble": trouble,
        "compare": compare,
        "wall_address": request.build_absolute_uri(reverse("this_screen")).partition("://")[2],
        "walls": Wall.objects.exists(),
    }
    return render(request, "walls/pair.html", context, status=status)


def _paired(form: PairForm) -> ScreenLink | None:
    """Pair the screen and the wall of the form; return None when the form is wrong (it then has the errors)."""
    if not form.is_valid():
        return None
    try:
        return codes.pair(form.cleaned_data["code"], form.cleaned_data["wall"], form.cleaned_data["name"])
    except CodeRefused as refused:
        form.add_error("code", str(refused))
        return None
