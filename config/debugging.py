"""What the error pages of DEBUG tell."""

from typing import Any

from django.views.debug import SafeExceptionReporterFilter


class NoSettings(SafeExceptionReporterFilter):
    """Nothing of the settings: Django hides secrets by their names, but not a password inside an address."""

    def get_safe_settings(self) -> dict[str, Any]:
        return {}
