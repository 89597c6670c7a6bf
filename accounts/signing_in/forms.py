from math import ceil
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.people.names import clean_name
from accounts.people.namesakes import NameTaken, refuse_reserved, refuse_taken
from accounts.signing_in import guessing
from web.throttling import address_of


class SignInForm(AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This user name and password do not go together. Mind capitals and spaces."),
        "too_often": _("Too many tries. Wait %(seconds)d seconds, then try again."),
    }

    def clean(self) -> dict[str, Any]:
        """Check the password, unless there were too many wrong tries."""
        address, username = address_of(self.request), self.cleaned_data.get("username", "")
        if seconds := guessing.try_password(address, username):
            raise self._too_often(seconds)
        with guessing.one_at_a_time(address) as is_first:
            if not is_first:
                raise self._too_often(guessing.PATIENCE)
            cleaned = super().clean()
        guessing.forgive(address, username)
        return cleaned

    def _too_often(self, seconds: float) -> forms.ValidationError:
        message = self.error_messages["too_often"]
        return forms.ValidationError(message, code="too_often", params={"seconds": ceil(seconds)})


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same for the admin, which only staff may enter."""


class NameField(forms.CharField):
    def clean(self, value: Any) -> str:
        try:
            return clean_name(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


def _own(name: str) -> str:
    """Return `name`. Raises ValidationError for somebody else's."""
    try:
        refuse_taken(name)
        refuse_reserved(name)
    except NameTaken as error:
        raise forms.ValidationError(str(error)) from None
    return name


class SignUpForm(forms.Form):
    """The form for a new account with an invite."""

    name = NameField(label=_("Your name"), help_text=_("What others see."))
    username = forms.SlugField(
        label=_("User name"),
        max_length=40,
        help_text=_("For signing in."),
        error_messages={"invalid": _("Use letters, digits, - and _ only.")},
    )
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if username.startswith(("guest-", "bot-")) or User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("This user name is taken."))
        return _own(username)

    def clean_name(self) -> str:
        return _own(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            user = User(username=cleaned.get("username", ""), name=cleaned.get("name", ""))
            try:
                validate_password(password, user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned
