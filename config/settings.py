"""All settings, from the environment. Wrong or missing ones stop the start with a sentence.

Local mode (no SECRET_KEY): SQLite and a key file below `var/`, the in-memory channel layer.
Production: SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL and, for more than one process, REDIS_URL.
"""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from config import environment as from_env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(from_env.env.str("SWITCHBOARD_VAR", default=str(BASE_DIR / "var")))

LOCAL = from_env.is_local()
DEBUG = from_env.boolean("DEBUG", False)
DEFAULT_EXCEPTION_REPORTER = "web.debugging.OnlyHere"
DEFAULT_EXCEPTION_REPORTER_FILTER = "web.debugging.NoSettings"
SECRET_KEY = from_env.local_secret_key(VAR_DIR / "secret-key") if LOCAL else from_env.secret_key()
SECRET_KEY_FALLBACKS = from_env.env.list("SECRET_KEY_FALLBACKS", default=[])
OWN_HOSTS = from_env.OWN_HOSTS
ALLOWED_HOSTS = from_env.allowed_hosts(LOCAL)

SITE_NAME = from_env.env.str("SITE_NAME", default="Switchboard")
GUESTS_ALLOWED = from_env.boolean("GUESTS_ALLOWED", True)
#: Foreign origins whose pages may open sockets and call the API.
ALLOWED_ORIGINS = from_env.origins("ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = from_env.origins("CSRF_TRUSTED_ORIGINS")
REDIS_URL = from_env.redis_url()
REDIS_PREFIX = from_env.env.str("REDIS_PREFIX", default="switchboard")

INSTALLED_APPS = [
    # Before staticfiles, so that our runserver wins. Daphne is not an app here, or every command would import Twisted.
    "realtime",
    "web",
    "accounts",
    "chat",
    "roulette",
    "streams",
    "boards",
    "walls",
    "alerts",
    "web.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "channels",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.signing_in.cors.CorsMiddleware",  # adds its headers to the answers of the next one, too
    "web.middleware.DatabaseMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.signing_in.middleware.BearerMiddleware",
    "accounts.signing_in.middleware.PersonMiddleware",
    "web.throttling.LimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "web.context.site",
            ],
            "libraries": {"assets": "web.templatetags.assets"},
        },
    }
]

DATABASES = {"default": from_env.database(VAR_DIR, LOCAL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                # Redis ignores database numbers when publishing: the prefix separates deployments.
                "prefix": REDIS_PREFIX,
                "hosts": [{"address": REDIS_URL, "socket_timeout": 3, "socket_connect_timeout": 3}],
            },
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
    )
}

_mail = from_env.mail_server()
#: False: this site sends no mail.
MAIL_SENT = _mail is not None
if _mail is not None:
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
    DEFAULT_FROM_EMAIL = from_env.mail_from()
EMAIL_TIMEOUT = 10

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "home"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
SESSION_ENGINE = "accounts.signing_in.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30

# Production uses HTTPS; HTTPS=0 is for a closed network without it.
HTTPS = from_env.boolean("HTTPS", not LOCAL)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = from_env.integer("HSTS_SECONDS", 60 * 60 * 24 * 365 if HTTPS else 0)
# The owner of this host may not own the other hosts of its domain: both are off by default.
SECURE_HSTS_INCLUDE_SUBDOMAINS = from_env.boolean("HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = from_env.boolean("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "web.views.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

#: Daphne takes the client's address and scheme from these headers. nginx sets them itself and drops those of clients.
BEHIND_PROXY = from_env.boolean("BEHIND_PROXY", False)

#: The only language: with more here, Django's own texts would be translated and ours would not.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
TIME_ZONE = from_env.time_zone("TIME_ZONE")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "web.assets.NodeModulesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage" if LOCAL or DEBUG else "web.assets.ManifestStorage"
        )
    },
}
# In local mode files are served from their sources: nothing is collected, hashed or cached.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL or DEBUG
WHITENOISE_MAX_AGE = 0 if LOCAL or DEBUG else 60

# Limits of the wire protocol (docs/protocol.md). realtime/limits/quotas.py enforces those of commands and reading.
FRAME_BYTES = 64 * 1024
COMMAND_BURST = from_env.integer("COMMAND_BURST", 60, 1)
COMMANDS_PER_SECOND = from_env.integer("COMMANDS_PER_SECOND", 20, 1)
READ_BURST = from_env.integer("READ_BURST", 16 * 1024 * 1024, 1024 * 1024)
READ_BYTES_PER_SECOND = from_env.integer("READ_BYTES_PER_SECOND", 1024 * 1024, 1024)
JOINED_ROOMS = from_env.integer("JOINED_ROOMS", 50, 1)
#: Limits on sockets without a signed-in user: per address, and in all, in one process.
STRANGERS_PER_ADDRESS = from_env.integer("STRANGERS_PER_ADDRESS", 20, 1)
STRANGERS = from_env.integer("STRANGERS", 200, 1)
ROOMS_PER_PERSON = from_env.integer("ROOMS_PER_PERSON", 50, 1)
#: A limit on the direct rooms that one person opens.
DIRECT_ROOMS = from_env.integer("DIRECT_ROOMS", 2000, 1)
BOARDS = from_env.integer("BOARDS", 500, 1)
CONNECTIONS_PER_USER = from_env.integer("CONNECTIONS_PER_USER", 20, 1)
GUEST_BURST = from_env.integer("GUEST_BURST", 20, 1)
GUESTS_PER_SECOND = from_env.integer("GUESTS_PER_SECOND", 1, 1)
#: A limit on pushes into one stream, per token and process.
PUSH_BURST = from_env.integer("PUSH_BURST", 60, 1)
PUSHES_PER_SECOND = from_env.integer("PUSHES_PER_SECOND", 20, 1)
#: The folder for your own producers, besides the modules `producers` of apps.
PRODUCERS_DIR = Path(from_env.env.str("PRODUCERS_DIR", default=str(BASE_DIR / "producers")))
#: Databases that SQL sources may read, by name; and private networks that HTTP sources may reach.
SQL_SOURCES = from_env.sql_sources("SQL_SOURCES")
PRIVATE_SOURCES = from_env.networks("PRIVATE_SOURCES")
#: Seconds between two heartbeats on a socket.
HEARTBEAT = from_env.integer("HEARTBEAT", 25, 1)
#: Bytes that may wait for one slow client before its socket is closed with 4503.
OUTBOX_BYTES = from_env.integer("OUTBOX_BYTES", 1024 * 1024, 64 * 1024)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logs.LineFormatter", "format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "filters": {"flood": {"()": "config.logs.FloodFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": from_env.env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.request": {"filters": ["flood"]},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
