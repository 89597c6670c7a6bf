from functools import partial

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        from accounts.recheck import keep_looking
        from chat import pairing, presence, recheck, sources, writer
        from realtime import background, process
        from realtime.hub import register_source

        register_source("room", sources.RoomSource())
        register_source("heads", sources.HeadsSource())
        register_source("presence", sources.PresenceSource())
        background.register("the sweep of presence", presence.sweep_for_ever)
        background.register("the sweep of roulette", pairing.sweep_for_ever)
        background.register("the recheck of memberships", partial(keep_looking, recheck.recheck_memberships))
        background.register_farewell("the writer", writer.flush)
        process.on_revival(presence.rewrite)
