from django.conf import settings
from django.contrib import admin


class SwitchboardAdmin(admin.AdminSite):
    site_header = site_title = settings.SITE_NAME
    index_title = "Administration"
