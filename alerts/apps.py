from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = "Alerts"

    def ready(self) -> None:
        from alerts.watching import watch_rules
        from streams.producing import worker

        worker.register_duty("alerts", watch_rules)
