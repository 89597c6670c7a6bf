from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "streams"
    verbose_name = "Streams"

    def ready(self) -> None:
        from realtime import background
        from realtime.delivery.hub import register_source
        from streams.producing import worker
        from streams.readback import StreamSource

        register_source("stream", StreamSource())
        background.register("the watch over producers", worker.watch)
        # Another process could not reach the in-memory layer, so the producers run in the server process.
        background.register("the producers", worker.work, when=background.layer_is_embedded)
