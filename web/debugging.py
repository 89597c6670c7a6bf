"""What DEBUG's error pages show, and who sees them."""

from typing import Any, Final

from django.core.exceptions import DisallowedHost
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
#: Headers of a proxy: behind a proxy, every request seems to come from this machine.
FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "Via")


class NoSettings(SafeExceptionReporterFilter):
    """Hides all settings: Django hides secrets by their names, but would show a password inside an address."""

    def get_safe_settings(self) -> dict[str, Any]:
        return {}


class OnlyHere(ExceptionReporter):
    """Shows a traceback only for a request from this machine to one of our own host names."""

    def _page(self) -> SafeString | None:
        """Return the page for everybody else; None for the traceback."""
        # imported late: it reads settings, and Django makes a reporter while they load
        from web.middleware import bad_request

        if self.request is None:
            return render_to_string("500.html")
        if isinstance(self.exc_value, DisallowedHost):
            return mark_safe(bad_request(self.request, self.exc_value).content.decode())  # noqa: S308 - it is a page
        is_here = self.request.META.get("REMOTE_ADDR") in LOOPBACK
        if is_here and not any(each in self.request.headers for each in FORWARDED):
            return None
        return render_to_string("500.html")

    def get_traceback_html(self) -> SafeString:
        return self._page() or super().get_traceback_html()

    def get_traceback_text(self) -> SafeString:
        return mark_safe("Something went wrong.\n") if self._page() else super().get_traceback_text()
