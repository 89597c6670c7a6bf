from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Boards"

    def ready(self) -> None:
        from dashboard import worker
        from dashboard.source import StreamSource
        from realtime import background
        from realtime.hub import register_source

        register_source("stream", StreamSource())
        background.register("the watch over producers", worker.watch)
        # Another process could not reach the in-memory layer, so the producers run in this one.
        background.register("the producers", worker.work, when=background.layer_is_embedded)
