"""Which characters can be seen. Pure."""

import re
import unicodedata
from typing import Final

#: Letters, marks and signs by their category, or not assigned yet; they show as a gap or not at all.
BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U00013441\U00013442\U0001d159\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def shows(text: str) -> bool:
    """Tell whether anything of `text` can be seen: letters and signs can, spaces, controls and lone marks cannot."""
    return any(_is_seen(char) for char in text)


def _is_seen(char: str) -> bool:
    category = unicodedata.category(char)
    # Not assigned, or private: a box is shown, or an emoji that is newer than Python's tables.
    return (category[0] in "LNPS" or category in ("Cn", "Co")) and not BLANK.match(char)
