from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import pre_migrate


class SiteConfig(AppConfig):
    """The site itself: its pages, styles and scripts."""

    name = "web"
    default = True

    def ready(self) -> None:
        from web.carryover import refuse_previous_layout

        pre_migrate.connect(refuse_previous_layout)


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "web.admin_site.SwitchboardAdmin"
