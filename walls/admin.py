"""Walls, links and screens in the admin. Links are made on the page of screens, which shows them once."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from walls import links, screens
from walls.models import Screen, ScreenLink, Wall, WallBoard
from web.admin import ReadOnlyAdmin


class WallBoardInline(admin.TabularInline):  # type: ignore[type-arg]
    model = WallBoard
    extra = 1
    fields = ("position", "board", "dwell", "begins", "ends")


@admin.register(Wall)
class WallAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "theme", "shows", "shows_rooms")
    inlines = (WallBoardInline,)

    @admin.display(description=_("boards"))
    def shows(self, wall: Wall) -> str:
        return ", ".join(str(slot.board) for slot in wall.places.select_related("board"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        links.wall_changed(form.instance)

    def delete_model(self, request: HttpRequest, obj: Wall) -> None:
        links.delete_wall(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Wall]) -> None:
        for wall in queryset:
            links.delete_wall(wall)


@admin.register(ScreenLink)
class ScreenLinkAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "wall", "made_at", "expires_at", "revoked_at")
    list_filter = ("wall",)
    list_select_related = ("wall",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke: screens with these go dark"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ScreenLink]) -> None:
        if not request.user.has_perm("walls.change_screenlink"):
            self.message_user(request, _("You may not revoke links."), messages.ERROR)
            return
        for link in queryset:
            links.revoke_link(link)
        self.message_user(request, _("Revoked."), messages.SUCCESS)


@admin.register(Screen)
class ScreenAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "link", "user", "is_connected", "board", "build", "opened_at", "painted_at", "seen_at")
    list_select_related = ("link", "user")
    ordering = ("-seen_at",)

    @admin.display(description=_("connected"), boolean=True)
    def is_connected(self, screen: Screen) -> bool:
        return screens.connected().filter(pk=screen.pk).exists()
