"""Valid names of people (1 to 40 visible characters of any kind), and which names look alike. Pure."""

import re
import unicodedata

from disarm import skeleton_key

from web.visible import BLANK

LONGEST = 40
#: The most characters of a skeleton: some characters of a name become several.
LONGEST_SKELETON = 160
#: Names that people cannot choose themselves: they would pass for the site or its admins.
RESERVED = (
    *("admin", "administrator", "alerts", "all", "bot", "channel", "everybody", "everyone", "here", "moderator"),
    *("owner", "roulette", "room", "root", "staff", "superuser", "support", "switchboard", "system", "webmaster"),
)

#: Characters that are invisible, or that turn or hide the text around them. (Unassigned ones are allowed: emoji newer
#: than Python's tables are among them.)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
#: These join emoji and letters of several scripts, or choose a form of a character. They are valid only beside one.
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ALONE = re.compile(f"(?:^|[ {_JOINERS}])[{_JOINERS}{_SELECTORS}]|[{_SELECTORS}]{{2}}|[{_JOINERS}](?: |$)")
#: The flags of England, Scotland and Wales end in invisible letters.
_FLAG = re.compile("(?<=\U0001f3f4)[\U000e0061-\U000e007a]{1,6}\U000e007f")


def clean_name(raw: str) -> str:
    """Return `raw` trimmed, with each run of white space as one space.

    Raises ValueError with a sentence for people when nothing visible remains, when it is too long, or
    when it holds characters that show nothing (controls, direction marks).
    """
    name = unicodedata.normalize("NFC", " ".join(raw.split()))
    seen = _FLAG.sub("", name)
    if BLANK.search(seen) or _ALONE.search(seen) or any(map(_hides, seen)):
        raise ValueError("A name may only have characters that can be seen.")
    if not any(unicodedata.category(char)[0] in "LNPS" or unicodedata.category(char) == "Cn" for char in seen):
        raise ValueError("Give a name of 1 to 40 visible characters.")
    if len(name) > LONGEST:
        raise ValueError("A name has at most 40 characters.")
    return name


def _hides(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN and char not in _JOINERS


#: Accents and strokes on letters; but not the vowel signs of scripts that write vowels as marks.
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_SPACES = re.compile(r"[\s_.·'’-]+")
#: Look-alikes that Unicode's skeletons know for capitals only; we use them in any case.
_ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn"})


def skeleton(name: str) -> str:
    """Return the skeleton of `name`: names that look alike, in upper or lower case, have the same skeleton.

    It follows Unicode TR 39 (Аlice with a Cyrillic А becomes Alice), and drops accents, spaces and look-alikes of
    spaces. It is only for comparing, not for people to read.
    """
    key = skeleton_key(name, digit_policy="tr39")
    key = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", key)))
    return (_SPACES.sub("", key) or key).translate(_ALIKE)[:LONGEST_SKELETON]
