from django.apps import AppConfig


class RouletteConfig(AppConfig):
    name = "roulette"
    verbose_name = "Roulette"

    def ready(self) -> None:
        from realtime import background
        from roulette import pairing

        background.register("the sweep of roulette", pairing.keep_sweeping)
