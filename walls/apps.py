from django.apps import AppConfig


class WallsConfig(AppConfig):
    name = "walls"
    verbose_name = "Walls"

    def ready(self) -> None:
        from functools import partial

        from accounts.signing_in.recheck import keep_looking
        from boards import access, boards
        from realtime import background
        from walls import links, screen_sockets

        access.register(links.lets_in)
        boards.before_delete(links.board_goes)
        background.register("the rows of screens", screen_sockets.keep_rows)
        background.register("the recheck of screen links", partial(keep_looking, screen_sockets.recheck_links))
