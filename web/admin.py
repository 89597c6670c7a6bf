"""Running processes in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from realtime import process
from realtime.models import Process


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows and offers actions; rows cannot be added, changed or deleted by forms."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Process)
class ProcessAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "is_alive", "connections", "started_at", "seen_at", "build")
    ordering = ("-seen_at",)

    @admin.display(description=_("alive"), boolean=True)
    def is_alive(self, row: Process) -> bool:
        return process.alive().filter(pk=row.pk, leaving=False).exists()


class TechnicalAdmin(ReadOnlyAdmin):
    """For rows that only help to find faults: the admin's index leaves them out; their address still works."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False
