from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "boards"
    verbose_name = "Boards"

    def ready(self) -> None:
        from functools import partial

        from accounts.signing_in.recheck import keep_looking
        from boards import boards, showing
        from realtime import background
        from streams import shown
        from web import context

        shown.register(changed=boards.stream_changed, show=boards.show_on_board)
        context.register("sidebar_boards", boards.in_sidebar)
        background.register("the recheck of guests at boards", partial(keep_looking, showing.recheck_guests))
