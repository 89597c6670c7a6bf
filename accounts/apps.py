from functools import partial

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts.models import me
        from accounts.signing_in import housekeeping, recheck
        from realtime import background
        from web import context

        context.register("me", me)
        background.register("the recheck of sign-ins", partial(recheck.keep_looking, recheck.recheck_sign_ins))
        background.register("housekeeping", housekeeping.keep_clean)
