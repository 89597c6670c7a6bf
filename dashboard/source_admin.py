"""SQL and HTTP sources in the admin, with a button that tries one before it is saved."""

import json
import time
from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from dashboard import configured
from dashboard.configured import AnySource
from dashboard.fetching import FetchFailed, HttpValue
from dashboard.models import HttpSource, SqlSource, Stream, slug_is_an_address
from dashboard.querying import OWN, SqlValue, connections
from dashboard.results import QueryFailed, Result, value_of
from dashboard.values import Kind, WrongValue, check_value

#: Rows that trying a query shows.
SHOWN = 20


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    board = forms.CharField(
        label=_("Show on the board"),
        required=False,
        validators=[slug_is_an_address],
        help_text=_("Its slug. It is made when there is none; empty: on none yet."),
    )

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                configured.check_source(self.instance)
            except ValidationError as error:
                self.add_error(None, error)


class SqlForm(SourceForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, _("Switchboard's own database") if name == OWN else name) for name in connections()]
        self.fields["connection"] = forms.ChoiceField(
            choices=names, label=_("Connection"), help_text=_("The setting SQL_SOURCES names them: see docs/boards.md.")
        )


class SourceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ("slug", "label")
    change_form_template = "dashboard/admin/source_form.html"
    #: The fields between the stream's and those about time.
    own_fields: ClassVar[tuple[Any, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["slug", ("label", "unit"), *self.own_fields, ("every", "patience")]
        return [*fields, "health"] if obj else [*fields, "board"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("slug", "health") if obj else ()

    @admin.display(description=_("stream"))
    def health(self, source: AnySource) -> str:
        stream = Stream.objects.filter(slug=source.slug).first()
        if stream is None:
            return "–"
        signs = {"ok": "●", "error": "▲", "unknown": "○"}
        return format_html(
            '<a href="{}">{} {}</a>',
            reverse("admin:dashboard_stream_change", args=[stream.pk]),
            signs[stream.state],
            stream.error or stream.get_state_display(),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        board = "" if change else form.cleaned_data["board"]
        configured.save_source(obj, board)
        if board:
            link = format_html('<a href="{}">{}</a>', reverse("board", args=[board]), board)
            text = str(_("It is on the board {}; its first value comes within seconds."))
            messages.info(request, format_html(text, link))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        configured.delete_source(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for source in queryset:
            configured.delete_source(source)

    def get_urls(self) -> list[URLPattern]:
        name = f"dashboard_{self.opts.model_name}_try"
        own = [
            path("add/try/", self.admin_site.admin_view(self.try_it), name=name),
            path("<int:pk>/change/try/", self.admin_site.admin_view(self.try_it), name=name),
        ]
        return [*own, *super().get_urls()]

    def try_it(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Show what the source in the form gives, or why it gives nothing; store nothing."""
        source = self.get_object(request, str(pk)) if pk else None
        allowed = self.has_change_permission(request, source) if pk else self.has_add_permission(request)
        if request.method != "POST" or not allowed:
            raise PermissionDenied
        form = self.get_form(request, source, change=bool(pk))(request.POST, instance=source)
        context = {
            **self.admin_site.each_context(request),
            "title": _("What it gives"),
            "opts": self.opts,
            "form": form,
        }
        if form.is_valid():
            began = time.monotonic()
            try:
                context |= self.found(form.instance)
            except (QueryFailed, FetchFailed, WrongValue) as error:
                context["error"] = str(error)
            context["milliseconds"] = round((time.monotonic() - began) * 1000)
        return TemplateResponse(request, "dashboard/admin/try.html", context)

    def found(self, source: Any) -> dict[str, Any]:
        """Return what `source` gives, for the template. Raises QueryFailed, FetchFailed, WrongValue."""
        raise LookupError("each kind of source has its own")


@admin.register(SqlSource)
class SqlSourceAdmin(SourceAdmin):
    form = SqlForm
    list_display = ("slug", "label", "connection", "result", "every", "health")
    own_fields = ("connection", "query", "result")

    def found(self, source: SqlSource) -> dict[str, Any]:
        result = SqlValue(source.connection, source.query, source.result, source.patience).run()
        context: dict[str, Any] = {"result": Result(result.columns, result.rows[:SHOWN]), "rows": len(result.rows)}
        try:
            value = value_of(result, source.result, None)
            check_value(source.kind, value)
        except (QueryFailed, WrongValue) as error:
            return {**context, "error": str(error)}
        return context | ({} if source.kind is Kind.TABLE else {"value": _in_json(value)})


@admin.register(HttpSource)
class HttpSourceAdmin(SourceAdmin):
    form = SourceForm
    list_display = ("slug", "label", "url", "kind", "every", "health")
    own_fields = ("url", ("format", "path"), "kind")

    def found(self, source: HttpSource) -> dict[str, Any]:
        fetched = HttpValue(source.url, source.format, source.path, Kind(source.kind), source.patience)
        value = async_to_sync(fetched.read)()
        check_value(source.kind, value)
        return {"value": _in_json(value)}


def _in_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) < 5_000 else text[:5_000] + " …"
