"""Reports and blocks in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from chat.models import Message
from roulette.models import Block, Report
from web.admin import ReadOnlyAdmin


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("at", "reporter", "reported", "reason", "settled_at")
    list_filter = (("settled_at", admin.EmptyFieldListFilter),)
    fields = ("at", "reporter", "reported", "reason", "transcript", "settled_at")
    readonly_fields = fields
    ordering = ("-at",)
    actions = ("settle",)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("roulette.change_report")

    @admin.display(description=_("what was said"))
    def transcript(self, report: Report) -> str:
        said = Message.objects.filter(room=report.room_id).select_related("sender").order_by("seq")
        lines = format_html_join(
            mark_safe("<br>"),
            "{} <b>{}</b>: {}",
            ((each.at.strftime("%H:%M:%S"), each.sender, each.body) for each in said),
        )
        return lines or format_html("<i>{}</i>", _("nothing"))

    @admin.action(description=_("Settled"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        queryset.update(settled_at=timezone.now())


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    list_display = ("at", "blocker", "blocked")

    def has_delete_permission(self, request: HttpRequest, obj: Block | None = None) -> bool:
        return bool(request.user.is_superuser)
