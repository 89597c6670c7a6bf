from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Boards"

    def ready(self) -> None:
        from functools import partial

        from accounts.recheck import keep_looking
        from dashboard.consumers import recheck_guests
        from dashboard.producing import worker
        from dashboard.source import StreamSource
        from dashboard.walls import sockets as screen_sockets
        from realtime import background
        from realtime.hub import register_source

        register_source("stream", StreamSource())
        background.register("the watch over producers", worker.watch)
        background.register("the rows of screens", screen_sockets.keep_rows)
        background.register("the recheck of screen links", partial(keep_looking, screen_sockets.recheck_links))
        background.register("the recheck of guests at boards", partial(keep_looking, recheck_guests))
        # Another process could not reach the in-memory layer, so the producers run in this one.
        background.register("the producers", worker.work, when=background.layer_is_embedded)
