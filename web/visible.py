"""Which characters can be seen. Pure."""

import re
import unicodedata
from typing import Final

#: Characters that are letters, marks, signs or unassigned by their category, but show as a gap or not at all.
BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U00013441\U00013442\U0001d159\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def shows(text: str) -> bool:
    """Return whether `text` shows anything: letters and signs do; spaces, controls and lone marks do not."""
    return any(_is_seen(char) for char in text)


def _is_seen(char: str) -> bool:
    category = unicodedata.category(char)
    # Unassigned or private: it shows as a box, or as an emoji newer than Python's tables.
    return (category[0] in "LNPS" or category in ("Cn", "Co")) and not BLANK.match(char)
