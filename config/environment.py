"""Reads and checks the environment. Everything wrong in it stops the start with a sentence."""

import contextlib
import ipaddress
import os
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

env = environ.Env()

#: libpq's limits for noticing a dead connection: seconds, but milliseconds for TCP_USER_TIMEOUT.
POSTGRESQL: Final = {
    "connect_timeout": 3,
    "tcp_user_timeout": 8000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}

#: The kinds of mail servers, each with its usual port: open, STARTTLS, TLS.
MAIL_PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
#: If one of these is set, this is a production machine, so the others must be set too.
PRODUCTION = ("DATABASE_URL", "REDIS_URL")
#: A machine's names for itself. In local mode they are always allowed, whatever ALLOWED_HOSTS says.
OWN_HOSTS = ("localhost", "127.0.0.1", "[::1]", ".localhost")


def is_local() -> bool:
    """True when no SECRET_KEY, database or Redis is set, so this is not production."""
    if os.environ.get("SECRET_KEY"):
        return False
    said = [name for name in PRODUCTION if os.environ.get(name)]
    if said:
        raise ImproperlyConfigured(
            f"{' and '.join(said)} set but SECRET_KEY is not: set SECRET_KEY to 50 random characters, "
            f"or unset {' and '.join(said)} to run in local mode."
        )
    return True


def local_secret_key(path: Path) -> str:
    """Return the key stored in `path` (mode 0600); the first call makes it."""
    if not path.exists():
        writable(path.parent)
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process was faster; its key counts
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def writable(folder: Path) -> None:
    """Make `folder`; refuse one that is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"Cannot make the folder {folder} ({error.strerror}): set SWITCHBOARD_VAR."
        ) from None
    if not os.access(folder, os.W_OK):
        raise ImproperlyConfigured(f"Cannot write to the folder {folder}: set SWITCHBOARD_VAR to another.")


def secret_key() -> str:
    """Return SECRET_KEY from the environment; refuse a guessable one."""
    key = os.environ["SECRET_KEY"]
    if len(key) < 40 or len(set(key)) < 5:
        raise ImproperlyConfigured("SECRET_KEY could be guessed: set it to 50 random characters.")
    return key


def allowed_hosts(local: bool) -> list[str]:
    hosts = [host.strip() for host in env.list("ALLOWED_HOSTS", default=[]) if host.strip()]
    if not hosts and not local:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set: give the host names people use, with commas between.")
    if "*" in hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS is '*', which lets anyone forge links: name the hosts.")
    for host in hosts:
        if "/" in host or ":" in host.strip("[]").replace("::", ""):
            raise ImproperlyConfigured(f"ALLOWED_HOSTS has {host!r}: give bare host names, without scheme or port.")
    return [*OWN_HOSTS, *hosts] if local else hosts


def origins(name: str) -> list[str]:
    """Return the full origins (`https://example.org`) listed in the variable `name`."""
    found = []
    for origin in env.list(name, default=[]):
        try:
            parts = urlsplit(origin.strip())
            whole = parts.scheme in ("http", "https") and parts.hostname and not parts.path.strip("/")
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            whole, port = False, ""
        if not whole or "*" in origin:
            raise ImproperlyConfigured(f"{name} has {origin!r}: give full origins such as https://example.org.")
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        found.append(f"{parts.scheme}://{host}{port}")
    return found


def sql_sources(name: str) -> dict[str, str]:
    """Return the databases listed in the variable `name` as `alias=url`, with blanks between."""
    found = {}
    for each in os.environ.get(name, "").split():
        alias, _, url = each.partition("=")
        if not alias.isidentifier() or alias == "default":
            raise ImproperlyConfigured(
                f"{name} has {alias!r}: give name=postgres://… with a name of letters and digits."
            )
        if urlsplit(url).scheme not in ("postgres", "postgresql", "sqlite"):
            raise ImproperlyConfigured(f"{name}: the address of {alias} must begin with postgres:// or sqlite:///.")
        found[alias] = url
    return found


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks (`10.0.0.0/8`, `127.0.0.1`) listed in the variable `name`, comma between."""
    found = []
    for text in env.list(name, default=[]):
        try:
            found.append(ipaddress.ip_network(text.strip()))
        except ValueError:
            raise ImproperlyConfigured(f"{name} has {text!r}: give networks such as 10.0.0.0/8.") from None
    return found


def time_zone(name: str) -> str:
    zone = os.environ.get(name) or "UTC"
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(f"{name} is {zone!r}: give a time zone such as Europe/Oslo.") from None


def redis_url() -> str | None:
    url = os.environ.get("REDIS_URL") or None
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
    return url


def mail_server() -> dict[str, Any] | None:
    """Return Django's settings of the mail server, from EMAIL_URL; None without it."""
    url = os.environ.get("EMAIL_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in MAIL_PORTS:
        raise ImproperlyConfigured("EMAIL_URL must begin with smtp://, smtp+tls:// or smtp+ssl://.")
    if not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL names no server: give smtp+tls://user:password@host:587.")
    try:
        port = parts.port or MAIL_PORTS[parts.scheme]
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL has a port that is no number up to 65535.") from None
    return {**environ.Env.email_url_config(url), "EMAIL_PORT": port}


def mail_from() -> str:
    """Return MAIL_FROM, the address that mails come from."""
    address = os.environ.get("MAIL_FROM", "")
    if not address:
        raise ImproperlyConfigured("MAIL_FROM is not set but EMAIL_URL is: give the address that mails come from.")
    try:
        validate_email(address)
    except ValidationError:
        raise ImproperlyConfigured(f"MAIL_FROM is {address!r}: give an address such as hub@example.org.") from None
    return address


def integer(name: str, default: int, least: int = 0) -> int:
    value = os.environ.get(name, "")
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: give a whole number.") from None
    if number < least:
        raise ImproperlyConfigured(f"{name} is {number}: give at least {least}.")
    return number


def boolean(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name} is {value!r}: give 1 or 0.")
    return default


def database(var: Path, local: bool) -> dict[str, object]:
    """Return Django's setting of the default database, from DATABASE_URL or SQLite below `var`.

    SQLite uses WAL with IMMEDIATE transactions (deferred ones fail as "locked" when several write). PostgreSQL uses
    psycopg's pool; keep processes × DATABASE_POOL below the server's max_connections.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        if not local:
            raise ImproperlyConfigured(
                "DATABASE_URL is not set: give postgres://user:password@host/name (or sqlite:///path for one process)."
            )
        writable(var)
        url = f"sqlite:///{var / 'switchboard.sqlite3'}"
    scheme = urlsplit(url).scheme
    if scheme not in ("postgres", "postgresql", "sqlite"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    settings: dict[str, Any] = dict(environ.Env.db_url_config(url))
    given = settings.get("OPTIONS") or {}  # options after the URL's question mark, such as sslmode
    if scheme == "sqlite":
        settings["CONN_MAX_AGE"] = None  # reopening the file for every request would cost more than the query
        settings["OPTIONS"] = {
            # When it is locked for longer than this, answer `busy`, and clients retry.
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
        # Sockets, the writer and the producers use their own threads, so tests need a file, not a database in memory.
        settings["TEST"] = {"NAME": str(var / f"test-{os.getpid()}.sqlite3")}
        var.mkdir(parents=True, exist_ok=True)
    else:
        settings["ENGINE"] = "django.db.backends.postgresql"
        settings["CONN_MAX_AGE"] = 0
        settings["OPTIONS"] = {**POSTGRESQL, **given, "pool": pool()}
    return settings


def pool() -> dict[str, object]:
    """Return the options of psycopg's pool."""
    from realtime.storage.postgresql import BoundedConnection  # imports psycopg, which SQLite does not need

    return {
        "connection_class": BoundedConnection,
        "min_size": 1,
        "max_size": integer("DATABASE_POOL", 10, 2),
        "timeout": 3,
        # The pool waits longer after each failed try to reconnect: give up soon and start over instead.
        "reconnect_timeout": 5,
    }
