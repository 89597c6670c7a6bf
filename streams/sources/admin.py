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
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from streams.models import HttpSource, SqlSource, Stream, slug_is_an_address
from streams.sources import configured
from streams.sources.configured import AnySource
from streams.sources.fetching import FetchFailed, check_secret, check_url, origin
from streams.sources.querying import OWN, SqlValue, connections
from streams.sources.results import QueryFailed, Result, value_of
from streams.sources.sealing import seal
from streams.values import Kind, WrongValue, check_value

#: How many rows the trial of a query shows.
SHOWN = 20


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    board = forms.CharField(
        label=_("Show on the board"),
        required=False,
        validators=[slug_is_an_address],
        help_text=_("Its short name. A board that is not there yet is made. Empty: on none."),
    )

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and not self.errors:  # the instance already has the form's values
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


class HttpForm(SourceForm):
    secret = forms.CharField(
        label=_("Its value"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Such as “Bearer …”. It is stored encrypted, and never shown."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.sealed:
            self.fields["secret"].help_text = _(
                "● It is set. Empty leaves it as it is; without a header it is forgotten."
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        header, secret, url = (data.get(name, "") for name in ("header", "secret", "url"))
        if secret:
            self._seal(header, secret)
        elif not header:
            self.instance.sealed = ""
        elif not self.instance.sealed:
            self.add_error("secret", _("Say what the header says."))
        elif url and not self._is_same_place(url):
            self.add_error("secret", _("The address leads elsewhere now: give the value again."))
        return data

    def _seal(self, header: str, secret: str) -> None:
        if not header:
            self.add_error("header", _("Name the header that says this."))
        try:
            check_secret(secret)
        except ValueError as error:
            self.add_error("secret", str(error))
        else:
            self.instance.sealed = seal(secret)

    def _is_same_place(self, url: str) -> bool:
        """True when `url` has the same scheme, host and port as the stored one: only there may the secret go."""
        try:
            check_url(url)
        except ValueError:
            return True  # the field of the address has this error
        return origin(url) == origin(self.instance.url)


class SourceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ("slug", "label")
    change_form_template = "streams/admin/source_form.html"
    #: The fields between those of the stream and those about time.
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
            reverse("admin:streams_stream_change", args=[stream.pk]),
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
        name = f"streams_{self.opts.model_name}_try"
        own = [
            path("add/try/", self.admin_site.admin_view(self.try_it), name=name),
            path("<int:pk>/change/try/", self.admin_site.admin_view(self.try_it), name=name),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(*args, **kwargs)

    @method_decorator(sensitive_post_parameters("secret"))
    def try_it(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Show the value of the source in the form, or why there is none; store nothing."""
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
        return TemplateResponse(request, "streams/admin/try.html", context)

    def found(self, source: Any) -> dict[str, Any]:
        """Return the value of `source` for the template. Raises QueryFailed, FetchFailed, WrongValue."""
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
    form = HttpForm
    list_display = ("slug", "label", "url", "kind", "every", "health")
    own_fields = ("url", ("header", "secret"), ("format", "path"), "kind")

    def found(self, source: HttpSource) -> dict[str, Any]:
        value = async_to_sync(configured.http_value(source).read)()
        check_value(source.kind, value)
        return {"value": _in_json(value)}


def _in_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) < 5_000 else text[:5_000] + " …"
