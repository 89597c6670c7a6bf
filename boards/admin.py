"""Boards and their tiles in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, JSONField, QuerySet
from django.forms import Textarea
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from boards import boards
from boards.models import Board, Widget


class WidgetInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Widget
    extra = 0
    autocomplete_fields = ("streams",)
    fields = (("type", "title"), "streams", ("position", "width", "height"), "options")
    formfield_overrides = {JSONField: {"widget": Textarea(attrs={"rows": 3, "cols": 80})}}


@admin.register(Board)
class BoardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "slug", "position", "guests", "tiles")
    list_editable = ("position",)
    list_filter = ("guests",)
    search_fields = ("title", "slug")
    fields = ("title", "slug", "position", "guests")
    prepopulated_fields = {"slug": ("title",)}
    inlines = (WidgetInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Board]:
        boards: QuerySet[Board] = super().get_queryset(request).annotate(number_of_tiles=Count("widgets"))
        return boards

    @admin.display(description=_("tiles"))
    def tiles(self, board: Board) -> int:
        return int(board.number_of_tiles)  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        boards.board_changed(form.instance)

    def delete_model(self, request: HttpRequest, obj: Board) -> None:
        boards.delete_board(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Board]) -> None:
        for board in queryset:
            boards.delete_board(board)
