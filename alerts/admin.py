"""Alert rules and alerts in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from alerts.cards import SIGNS
from alerts.models import AlertDuty, AlertRule, Incident
from chat import public
from realtime.storage import clock
from web.admin import ReadOnlyAdmin, TechnicalAdmin


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "room" in self.fields:
            rooms = public.rooms_for_cards()
            present = self.instance.room
            if present and present not in dict(rooms):
                rooms.append((present, _("%s (takes none now)") % present))
            self.fields["room"] = forms.ChoiceField(
                choices=[(slug, f"#{slug}") for slug, _name in rooms],
                label=_("Room"),
                help_text=_("In a members-only room the bot “alerts” becomes a member."),
            )


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RuleForm
    list_display = ("__str__", "severity", "room", "enabled", "now")
    list_filter = ("severity", "enabled")
    search_fields = ("stream__slug", "stream__label", "room")
    autocomplete_fields = ("stream",)
    fields = ("stream", ("condition", "limit"), "hold", ("margin", "settle"), ("severity", "room"), "enabled")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        rules: QuerySet[AlertRule] = super().get_queryset(request).select_related("stream")
        return rules.prefetch_related("incidents")

    @admin.display(description=_("now"))
    def now(self, rule: AlertRule) -> str:
        if not rule.enabled:
            return str(_("○ not watched"))
        firing = next((each for each in rule.incidents.all() if each.until is None), None)
        if firing is None:
            return str(_("● quiet"))
        since = _("fires since %s UTC") % f"{firing.since:%Y-%m-%d %H:%M}"
        return f"{SIGNS[rule.severity]} {since} {firing.trouble}".strip()

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        if change:
            obj.version += 1
            obj.made_at = clock.now()
        super().save_model(request, obj, form, change)
        public.let_cards_in(obj.room)


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "severity", "room", "since", "until", "told_so_far", "trouble")
    list_filter = ("room",)
    list_select_related = ("told_with",)

    @admin.display(description=_("severity"))
    def severity(self, incident: Incident) -> str:
        severity = incident.about["severity"]
        return f"{SIGNS[severity]} {AlertRule.Severity(severity).label}"

    @admin.display(description=_("told"), boolean=True)
    def told_so_far(self, incident: Incident) -> bool:
        on_card = incident.told_with or incident
        return on_card.told == on_card.version


@admin.register(AlertDuty)
class AlertDutyAdmin(TechnicalAdmin):
    list_display = ("__str__", "holder", "expires_at", "token")
