"""People in the admin: ban, sign out everywhere, invites. Nobody with history is deleted."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, BaseUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Invite, PasswordTries, User
from accounts.people import accounts
from accounts.people.namesakes import NameTaken, refuse_taken
from accounts.signing_in.forms import NameField


class UnmistakableNames:
    """A form with a person's names, which must not look like somebody else's.

    Staff may give names reserved for the site.
    """

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        form: Any = self
        for field in ("name", "username"):
            if field in form.changed_data and (name := form.cleaned_data.get(field)):
                try:
                    refuse_taken(name, but=form.instance.pk)
                except NameTaken as error:
                    form.add_error(field, str(error))
        return cleaned


class AccountForm(UnmistakableNames, BaseUserCreationForm):  # type: ignore[type-arg]
    name = NameField(label=_("Shown name"))

    class Meta:
        model = User
        fields = ("username", "name")


class PersonForm(UnmistakableNames, UserChangeForm):  # type: ignore[type-arg]
    name = NameField(label=_("Shown name"))

    class Meta:
        model = User
        fields = "__all__"


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    def save(self, commit: bool = True) -> Any:
        user = super().save(commit)
        accounts.close_sockets(user)
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    add_form = AccountForm
    change_password_form = NewPasswordForm
    add_fieldsets = ((None, {"fields": ("username", "name", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("username", "name", "kind", "password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("kind", "is_active", "last_login", "date_joined")
    list_display = ("name", "username", "kind", "is_active", "is_staff", "last_login")
    list_filter = ("kind", "is_active", "is_staff")
    search_fields = ("name", "username")
    ordering = ("-pk",)
    actions = ("ban", "unban", "sign_out_everywhere")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            accounts.tell_renamed(obj)
        if not obj.is_guest and {"name", "username"} & set(form.changed_data) and (guests := accounts.claim_names(obj)):
            text = _("%d guests had a name that looks like this one: they were renamed and signed out.")
            self.message_user(request, text % guests, messages.WARNING)

    @admin.action(permissions=["change"], description=_("Ban: close the account, its sessions and sockets"))
    def ban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.exclude(username=request.user.get_username()):
            accounts.ban(user)
        self.message_user(request, _("Banned."), messages.SUCCESS)

    @admin.action(permissions=["change"], description=_("Let in again"))
    def unban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        queryset.update(is_active=True)
        self.message_user(request, _("They may sign in again."), messages.SUCCESS)

    @admin.action(permissions=["change"], description=_("Sign out everywhere"))
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            accounts.sign_out_everywhere(user)
        self.message_user(request, _("Signed out."), messages.SUCCESS)


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Invite
        fields = ("note", "expires_at")


@admin.register(Invite)
class InviteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = InviteForm
    list_display = ("__str__", "state", "made_by", "expires_at", "used_by")
    readonly_fields = ("state", "made_by", "made_at", "used_by")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": timezone.now() + timedelta(days=7)}

    def save_model(self, request: HttpRequest, obj: Invite, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        assert isinstance(request.user, User)
        obj.made_by = request.user
        token = obj.give_token()
        super().save_model(request, obj, form, change)
        address = f"{request.build_absolute_uri(reverse('open_invite'))}#{token}"
        self.message_user(request, _("Send this link; it is shown this once: %s") % address, messages.SUCCESS)

    @admin.display(description=_("state"))
    def state(self, invite: Invite) -> str:
        if not invite.pk:
            return str(_("The link is shown once, when this is saved."))
        if invite.used_by_id is not None:
            return str(_("used"))
        return str(_("open") if invite.is_open else _("expired"))


@admin.register(PasswordTries)
class PasswordTriesAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who tried which passwords how often. Deleting a row lets them try again at once."""

    list_display = ("username_or_all", "network", "tries", "at")
    search_fields = ("username", "network")
    ordering = ("-at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("user name"), ordering="username")
    def username_or_all(self, tries: PasswordTries) -> str:
        return tries.username or str(_("any"))
