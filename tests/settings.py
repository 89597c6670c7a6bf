"""Settings of the tests: ours, whatever a developer has exported, and a folder of their own."""

import os

from harness import environment

environment.forget_exported()
os.environ["SWITCHBOARD_VAR"] = str(environment.ROOT / "var" / "tests")
# What tests start themselves runs with our own.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

from config.settings import *  # noqa: E402, F403

#: Django's own hashing takes half a second on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
