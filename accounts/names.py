"""What may be a person's name: 1 to 40 visible characters of any kind; and which names look alike. Pure."""

import re
import unicodedata

from disarm import skeleton_key

from web.visible import BLANK

LONGEST = 40
#: Characters of a skeleton: a few characters of a name are several there.
LONGEST_SKELETON = 160
#: Names that nobody takes who comes by themselves: they would pass for the site, or for who runs it.
RESERVED = (
    *("admin", "administrator", "alerts", "all", "bot", "channel", "everybody", "everyone", "here", "moderator"),
    *("owner", "roulette", "room", "root", "staff", "superuser", "support", "switchboard", "system", "webmaster"),
)

#: Characters that show nothing, or that turn or hide what stands around them. (Not unassigned ones: emoji
#: newer than Python's tables are among those.)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
#: They join emoji and letters of several scripts, or choose among a character's forms: only beside one.
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ALONE = re.compile(f"(?:^|[ {_JOINERS}])[{_JOINERS}{_SELECTORS}]|[{_SELECTORS}]{{2}}|[{_JOINERS}](?: |$)")
#: The flags of England, Scotland and Wales end in letters that do not show.
_FLAG = re.compile("(?<=\U0001f3f4)[\U000e0061-\U000e007a]{1,6}\U000e007f")


def clean_name(raw: str) -> str:
    """Return `raw` trimmed, with runs of white space folded.

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


#: Accents and strokes on letters; not the vowels of writings that write them so.
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_SPACES = re.compile(r"[\s_.·'’-]+")
#: What the skeletons of Unicode have for one thing in capitals, and we in any case.
_ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn"})


def skeleton(name: str) -> str:
    """Return what `name` looks like: names that look alike, in any case, have one skeleton.

    As Unicode TR 39 has it (Аlice with a Cyrillic А is Alice); without accents, spaces, and what passes for them.
    Only for comparing: it is nothing to read.
    """
    key = skeleton_key(name, digit_policy="tr39")
    key = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", key)))
    return (_SPACES.sub("", key) or key).translate(_ALIKE)[:LONGEST_SKELETON]
