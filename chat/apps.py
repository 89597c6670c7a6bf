from functools import partial

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        from asgiref.sync import async_to_sync

        from accounts.signing_in.recheck import keep_looking
        from chat import public, readback, recheck
        from chat.log import writer
        from chat.presence import connections
        from chat.rooms import sidebar
        from realtime import background, process
        from realtime.delivery.hub import register_source
        from web import context

        context.register("sidebar_rooms", sidebar.in_sidebar)
        context.register("online", lambda request: async_to_sync(public.people_online)())
        register_source("room", readback.RoomSource())
        register_source("heads", readback.HeadsSource())
        register_source("presence", readback.PresenceSource())
        background.register("the sweep of presence", connections.keep_sweeping)
        background.register("the recheck of memberships", partial(keep_looking, recheck.recheck_memberships))
        background.register_farewell("the writer", writer.flush)
        process.on_revival(connections.rewrite)
