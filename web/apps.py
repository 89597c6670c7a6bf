from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class SiteConfig(AppConfig):
    """The site itself: its pages, styles and scripts."""

    name = "web"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "web.admin_site.SwitchboardAdmin"
