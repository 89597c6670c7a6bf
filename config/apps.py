from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class SiteConfig(AppConfig):
    """The joining app: demo content and the tags of every page."""

    name = "config"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "config.admin.SwitchboardAdmin"
