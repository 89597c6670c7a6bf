"""Streams, tokens and leases in the admin. Values and history are never edited here."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from realtime.storage import clock
from streams import catalogue
from streams.models import ProducerLease, PushToken, Stream
from streams.push import storing, tokens
from streams.sources import admin as source_admin
from web.admin import TechnicalAdmin

__all__ = ["source_admin"]  # the sources' admin registers its own pages

#: Each state has a sign of its own, so that colour is not the only mark.
SIGNS = {"ok": "●", "error": "▲", "unknown": "○"}


class PushTokenInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PushToken
    extra = 0
    fields = readonly_fields = ("note", "made_at", "revoked_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Stream)
class StreamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("slug", "label", "kind", "health", "last_value", "age", "source")
    list_filter = ("kind", "state")
    search_fields = ("slug", "label")
    readonly_fields = ("health", "last_value", "at", "seq", "source", "held_by", "pushes")
    fields = (
        ("slug", "kind"),
        ("label", "unit"),
        "stale_after",
        ("raw_for", "retention"),
        "health",
        ("last_value", "at"),
        ("seq", "source", "held_by"),
        "pushes",
    )
    inlines = (PushTokenInline,)
    change_form_template = "streams/admin/stream_form.html"
    actions = ("issue_token", "delete_with_history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stream]:
        streams: QuerySet[Stream] = super().get_queryset(request).select_related("lease", "tally")
        return streams

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The slug is its address, and the kind decides how its history is read: neither may change.
        return (*self.readonly_fields, "slug", "kind") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the ordinary delete would not mention the history; our action does

    @admin.display(description=_("producer"), ordering="state")
    def health(self, stream: Stream) -> str:
        return f"{SIGNS.get(stream.state, '')} {stream.error or stream.get_state_display()}"

    @admin.display(description=_("last value"))
    def last_value(self, stream: Stream) -> str:
        if stream.kind == Stream.Kind.TABLE:
            return str(_("%d rows") % stream.rows.filter(value__isnull=False).count())
        if stream.value is None:
            return "–"
        if stream.unit.startswith("B") and isinstance(stream.value, int | float):
            return filesizeformat(stream.value) + stream.unit[1:]
        value = stream.value
        text = f"{value['level']} {value.get('text', '')}" if isinstance(value, dict) else f"{value} {stream.unit}"
        return Truncator(text.strip()).chars(60)

    @admin.display(description=_("age"), ordering="at")
    def age(self, stream: Stream) -> str:
        if stream.at is None:
            return "–"
        old = (clock.now() - stream.at).total_seconds() > stream.stale_after
        age = timesince(stream.at) if old else _("fresh")
        return format_html("<strong>◷ {}</strong>", age) if old else str(age)

    @admin.display(description=_("comes from"))
    def source(self, stream: Stream) -> str:
        return str(_("a producer") if hasattr(stream, "lease") else _("pushes"))

    @admin.display(description=_("produced by"))
    def held_by(self, stream: Stream) -> str:
        lease = getattr(stream, "lease", None)
        if lease is None:
            return "–"
        if lease.expires_at <= clock.now():
            return str(_("nobody: no worker holds it"))
        return str(
            _("%(holder)s, until %(time)s UTC") % {"holder": lease.holder, "time": f"{lease.expires_at:%H:%M:%S}"}
        )

    @admin.display(description=_("pushes"))
    def pushes(self, stream: Stream) -> str:
        tally = getattr(stream, "tally", None)
        if tally is None:
            return str(_("none yet"))
        lines = [_("%d taken") % tally.accepted]
        if tally.pushed_at:
            values = ngettext("%d value", "%d values", tally.pushed_values) % tally.pushed_values
            lines[0] = f"{lines[0]}: {tally.pushed_at:%Y-%m-%d %H:%M:%S} UTC, {values}"
        if tally.refused:
            refused = _("%d refused") % tally.refused
            lines.append(f"▲ {refused}: {tally.refused_at:%Y-%m-%d %H:%M:%S} UTC, {tally.reason}")
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        stream = kwargs.get("obj")
        if stream is not None and not hasattr(stream, "lease"):
            address = request.build_absolute_uri(reverse("api_stream", args=[stream.slug]))
            example = storing.example_push(stream.kind)
            context["push_line"] = f"curl -X POST {address} -H \"Authorization: Bearer $TOKEN\" -d '{example}'"
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(permissions=["change"], description=_("Issue a push token (for one stream)"))
    def issue_token(self, request: HttpRequest, queryset: QuerySet[Stream]) -> HttpResponse | None:
        stream = queryset.first()
        if queryset.count() != 1 or stream is None:
            self.message_user(request, _("Choose one stream."), messages.ERROR)
            return None
        token = tokens.issue_token(stream, f"{request.user}")
        context = {
            **self.admin_site.each_context(request),
            "title": _("A token for %s") % stream,
            "opts": self.opts,
            "stream": stream,
            "token": token,
            "address": request.build_absolute_uri("/")[:-1],
            "example": storing.example_push(stream.kind),
        }
        return TemplateResponse(request, "streams/admin/token.html", context)

    @admin.action(description=_("Delete with all their history"), permissions=["change"])
    def delete_with_history(self, request: HttpRequest, queryset: QuerySet[Stream]) -> HttpResponse | None:
        if request.POST.get("confirmed"):
            number = queryset.count()
            for stream in queryset:
                catalogue.delete_stream(stream)
            self.message_user(request, _("%d deleted.") % number, messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete streams with all their history?"),
            "opts": self.opts,
            "streams": queryset.annotate(number_of_samples=Count("samples")),
        }
        return TemplateResponse(request, "streams/admin/delete_streams.html", context)


@admin.register(PushToken)
class PushTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("stream", "note", "made_at", "revoked_at")
    list_filter = ("stream",)
    list_select_related = ("stream",)
    actions = ("revoke",)

    @admin.action(permissions=["change"], description=_("Revoke: no more pushes with these"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[PushToken]) -> None:
        for token in queryset:
            tokens.revoke_token(token)
        self.message_user(request, _("Revoked."), messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Only the list and its action: a token has nothing to edit.
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProducerLease)
class ProducerLeaseAdmin(TechnicalAdmin):
    list_display = ("stream", "holder", "expires_at", "token", "state")
    list_select_related = ("stream",)

    @admin.display(description=_("producer"))
    def state(self, lease: ProducerLease) -> str:
        return f"{SIGNS.get(lease.stream.state, '')} {lease.stream.get_state_display()}"
