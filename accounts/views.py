"""Pages for entering and leaving."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.forms import SignInForm, SignUpForm
from accounts.models import Invite
from realtime.http import STATUS, ApiError

sign_in = LoginView.as_view(
    template_name="accounts/sign_in.html",
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
    extra_context={"site_name": settings.SITE_NAME},  # the view's own is the host's name
)


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Enter as a guest."""
    try:
        services.enter_as_guest(request, request.POST.get("name", ""))
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
    services.sign_out(request)
    return redirect("home")


def sign_up(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account with an invite link."""
    invite = Invite.objects.filter(token=token).first()
    if invite is None or not invite.is_open:
        return render(request, "accounts/sign_up.html", {"invite": None, "form": None}, status=404)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.accept_invite(token, **form.cleaned_data)
        except Invite.DoesNotExist:
            return render(request, "accounts/sign_up.html", {"invite": None, "form": None}, status=404)
        except services.UsernameTaken:
            form.add_error("username", _("This user name is taken."))
        else:
            login(request, user, backend=services.BACKEND)
            messages.success(request, _("Welcome, %(name)s.") % {"name": user.name})
            return redirect("home")
    return render(request, "accounts/sign_up.html", {"invite": invite, "form": form})
