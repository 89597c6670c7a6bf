"""Formats the log without the secrets that an address or a message may contain."""

import logging
import re
from typing import Final

#: Tokens, recognized by their prefix; and old invites, which had the token in the path.
SECRET: Final = re.compile(r"\b(screen_|push_|bot_|invite_)[\w-]{20,}|(?<=/join/)(?!open/)[\w-]{20,}")


class LineFormatter(logging.Formatter):
    """Django's usual line, with tokens cut short, and without tracebacks for errors of clients (4xx)."""

    def format(self, record: logging.LogRecord) -> str:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return SECRET.sub(lambda found: f"{found[1] or ''}…", super().format(record))


class FloodFilter(logging.Filter):
    """Drops the lines of calls over the limit: otherwise a flood of calls would flood the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", 0) != 429
