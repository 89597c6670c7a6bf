"""What may be a person's name: 1 to 40 visible characters of any kind. Pure."""

import unicodedata

LONGEST = 40

#: Characters that show nothing, or that turn or hide what stands around them.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
#: They join emoji and letters of several scripts, so they may stand inside a name.
_JOINERS = {"\u200c", "\u200d"}
#: Letters by their category, yet they show as a gap.
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}


def clean_name(raw: str) -> str:
    """Return `raw` trimmed, with runs of white space folded.

    Raises ValueError with a sentence for people when nothing visible remains, when it is too long, or
    when it holds characters that show nothing (controls, direction marks).
    """
    name = unicodedata.normalize("NFC", " ".join(raw.split()))
    if any(unicodedata.category(char) in _UNSEEN and char not in _JOINERS for char in name):
        raise ValueError("A name may only have characters that can be seen.")
    if not any(_shows(char) for char in name):
        raise ValueError("Give a name of 1 to 40 visible characters.")
    if len(name) > LONGEST:
        raise ValueError("A name has at most 40 characters.")
    return name


def _shows(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in _BLANK
