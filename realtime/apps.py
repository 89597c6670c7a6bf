from django.apps import AppConfig
from django.conf import settings


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = "Real time"

    def ready(self) -> None:
        from realtime import background, checks, consumers, process, siblings  # noqa: F401 - checks register themselves
        from realtime.limits import quotas

        background.register("the lease of this process", process.keep_lease)
        background.register("the heartbeat", consumers.beat)
        background.register("the limits of people", quotas.keep_sharing, when=lambda: bool(settings.REDIS_URL))
        background.register("the count of sockets", siblings.keep_counting, when=lambda: bool(settings.REDIS_URL))
        background.register_farewell("the lease of this process", process.give_up_lease)
