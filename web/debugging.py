"""What DEBUG's error pages show, and to whom."""

from typing import Any, Final

from django.core.exceptions import DisallowedHost
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
#: Headers of a proxy: behind one, everybody seems to be on this machine.
FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "Via")


class NoSettings(SafeExceptionReporterFilter):
    """Nothing of the settings: Django hides secrets by their names, but not a password inside an address."""

    def get_safe_settings(self) -> dict[str, Any]:
        return {}


class OnlyHere(ExceptionReporter):
    """Shows a traceback only to somebody on this machine who asked for an address that is ours."""

    def _page(self) -> SafeString | None:
        """Return what all others see; None for the traceback."""
        from web.middleware import bad_request  # reads settings, and Django makes a reporter while they load

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
