"""Settings of the tests: the project's, independent of exported variables, with a folder of their own."""

import os

from harness import environment

environment.forget_exported()
os.environ["SWITCHBOARD_VAR"] = str(environment.ROOT / "var" / "tests")
# Programs that tests start use the ordinary settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

from config.settings import *  # noqa: E402, F403

#: Django's own hashing takes half a second on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
