"""Chat in the admin. All changes to logs go through the writer, as everywhere."""

from typing import Any

from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat.log import messages
from chat.models import Membership, Message, Room, RoomKind
from chat.rooms.members import add_member, remove_member
from chat.rooms.rooms import announce_room, archive, let_guests_in, tell_room, unarchive
from realtime.wire.protocol import CommandError
from web.admin import ReadOnlyAdmin

#: Talks of a few people, which are nobody else's: no room to be set up, and what was said is not read here.
PRIVATE = (RoomKind.ROULETTE, RoomKind.DIRECT)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    autocomplete_fields = ("user",)
    readonly_fields = ("granted_at",)
    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a membership is only granted or revoked, never edited


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("slug", "name", "kind", "guests", "owner", "seq", "people_only", "archived_at")
    list_filter = ("kind", "guests", "people_only", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("slug", "name", "topic")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("owner",)
    readonly_fields = ("seq", "rev", "created_at", "archived_at")
    inlines = (MembershipInline,)
    actions = ("archive", "unarchive", "purge")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return super().get_queryset(request).exclude(kind__in=PRIVATE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # logs are kept: archive the room, or purge its messages

    def get_readonly_fields(self, request: HttpRequest, obj: Room | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "slug", "kind") if obj else self.readonly_fields

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [choice for choice in RoomKind.choices if choice[0] not in PRIVATE]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Room | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Room | None) -> Any:
        return self.inlines if obj and obj.kind == RoomKind.MEMBERS else ()

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        if change:
            # Save only the form's fields: the counters may have moved since the row was read.
            Room.objects.filter(pk=obj.pk).update(**{name: form.cleaned_data[name] for name in form.changed_data})
            if "guests" in form.changed_data and obj.kind == RoomKind.PUBLIC:
                let_guests_in(obj, obj.guests)
            if obj.kind == RoomKind.MEMBERS and obj.owner is not None:
                add_member(obj, obj.owner)
            if {"name", "topic"} & set(form.changed_data) and obj.archived_at is None:
                tell_room(obj)
            return
        if obj.owner is None and isinstance(request.user, User):
            obj.owner = request.user
        super().save_model(request, obj, form, change)
        if obj.kind == RoomKind.MEMBERS and obj.owner is not None:
            add_member(obj, obj.owner)
        announce_room(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for membership in formset.save(commit=False):
            if membership.pk is None:
                add_member(membership.room, membership.user)
        for gone in formset.deleted_objects:
            remove_member(gone.room, gone.user_id)

    @admin.action(permissions=["change"], description=_("Archive: readable, but nobody talks there any more"))
    def archive(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        for room in queryset.filter(archived_at=None):
            archive(room)
        self.message_user(request, _("Archived."), SUCCESS)

    @admin.action(permissions=["change"], description=_("Open again"))
    def unarchive(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        for room in queryset.exclude(archived_at=None):
            unarchive(room)
        self.message_user(request, _("Open again."), SUCCESS)

    @admin.action(permissions=["change"], description=_("Purge: delete the text of all messages for good"))
    def purge(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        assert isinstance(request.user, User)
        purged = sum(messages.purge(room, request.user) for room in queryset)
        self.message_user(request, _("%d messages purged.") % purged, SUCCESS)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("room", "seq", "sender", "at", "start", "edited_at", "deleted_at")
    list_filter = (("deleted_at", admin.EmptyFieldListFilter), "at")
    search_fields = ("body", "sender__name", "room__slug")
    list_select_related = ("room", "sender")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"
    actions = ("delete_messages",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).exclude(room__kind=RoomKind.DIRECT)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.delete_message")

    @admin.display(description=_("text"))
    def start(self, message: Message) -> str:
        return message.body[:80] + ("…" if len(message.body) > 80 else "")

    @admin.action(description=_("Delete: everybody sees that a message was here"), permissions=["moderate"])
    def delete_messages(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        assert isinstance(request.user, User)
        for message in queryset:
            try:
                messages.write(messages.delete(message.room_id, request.user, message.seq, as_staff=True))
            except CommandError as error:
                self.message_user(request, f"{message}: {error.detail}", ERROR)
        self.message_user(request, _("Deleted."), SUCCESS)
