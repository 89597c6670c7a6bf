from functools import partial

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import housekeeping, recheck
        from realtime import background

        background.register("the recheck of sign-ins", partial(recheck.keep_looking, recheck.recheck_sign_ins))
        background.register("housekeeping", housekeeping.keep_clean)
