"""A pattern that matches one emoji."""

from typing import Final

_SIGN = "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
_SIGN += "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_MODIFIED = _SIGN + "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*(?:[\U000e0061-\U000e007a]+\U000e007f)?"

#: One or several joined signs, each with modifiers; or the two letters of a flag; or a keycap.
EMOJI: Final = f"{_MODIFIED}(?:\u200d{_MODIFIED})*|[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3"
