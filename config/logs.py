"""Lines of the log, without the secrets that an address or a message may have in it."""

import logging
import re
from typing import Final

#: Tokens by what they begin with, and invites of former times, which stand in the path.
SECRET: Final = re.compile(r"\b(screen_|push_|bot_|invite_)[\w-]{20,}|(?<=/join/)(?!open/)[\w-]{20,}")


class LineFormatter(logging.Formatter):
    """Django's usual line, in which tokens are cut short, and what a client did wrong (4xx) has no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return SECRET.sub(lambda found: f"{found[1] or ''}…", super().format(record))


class FloodFilter(logging.Filter):
    """Drops the lines of calls that were too many: else a flood of calls is one of log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", 0) != 429
