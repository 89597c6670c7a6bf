"""Pages for entering and leaving."""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Invite
from accounts.people import accounts
from accounts.signing_in.forms import SignInForm, SignUpForm
from web.http import STATUS, ApiError

#: The cookie with the token of the invite that a browser has opened; how many seconds it lasts.
INVITE_COOKIE: Final = "invite"
INVITE_COOKIE_AGE: Final = 60 * 60

sign_in = LoginView.as_view(
    template_name="accounts/sign_in.html",
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
    extra_context={"site_name": settings.SITE_NAME},  # Django's view would show the host's name
)


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Enter as a guest."""
    try:
        accounts.enter_as_guest(request, request.POST.get("name", ""))
    except ApiError as error:
        if error.code == "conflict":
            return redirect("home")
        context = {"error": error.detail, "name": request.POST.get("name", "")[:200]}
        return render(request, "home.html", context, status=STATUS[error.code])
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if safe else "home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    accounts.sign_out(request)
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
def open_invite(request: HttpRequest) -> HttpResponse:
    """The page that an invite's link opens. The token is in the fragment, which no log sees; the page posts it."""
    if request.method == "POST":
        return _exchanged(request, request.POST.get("token", ""))
    return render(request, "open_link.html", {"what": _("You were invited")})


def old_invite(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an old invite, with its token in the path, and always redirect away from that address."""
    response = _exchanged(request, token)
    if not response.has_header("Location"):
        response = redirect("sign_up")
        response.delete_cookie(INVITE_COOKIE, path=reverse("sign_up"))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _exchanged(request: HttpRequest, token: str) -> HttpResponse:
    """Put the token of an invite into a cookie and redirect to an address without it."""
    if Invite.find(token) is None:
        return _no_invite(request)
    response = redirect("sign_up")
    response.set_cookie(
        INVITE_COOKIE,
        token,
        max_age=INVITE_COOKIE_AGE,
        path=reverse("sign_up"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _no_invite(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sign_up.html", {"invite": None, "form": None}, status=404)


def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account with the invite that this browser has opened."""
    token = request.COOKIES.get(INVITE_COOKIE, "")
    invite = Invite.find(token)
    if invite is None:
        return _no_invite(request)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.accept_invite(token, **form.cleaned_data)
        except Invite.DoesNotExist:
            return _no_invite(request)
        except accounts.UsernameTaken:
            form.add_error("username", _("This user name is taken."))
        else:
            login(request, user, backend=accounts.BACKEND)
            messages.success(request, _("Welcome, %(name)s.") % {"name": user.name})
            response = redirect("home")
            response.delete_cookie(INVITE_COOKIE, path=reverse("sign_up"))
            return response
    return render(request, "accounts/sign_up.html", {"invite": invite, "form": form})
