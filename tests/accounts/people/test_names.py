import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.people.names import clean_name

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
#: What people put into names to look like somebody else, or like nobody.
ODD = " \t\n\x00\u200b\u200c\u200d\u200e\u202e\u2066\ufeff\u00ad\u034f\u3164\u115f\u2800\ufe0f\u0301\u2028\u3000aÅ漢"


def clean(raw: str) -> str | None:
    try:
        return clean_name(raw)
    except ValueError as error:
        sentence = str(error)
    assert sentence.endswith(".")
    return None


@given(st.text(st.sampled_from(ODD), max_size=12) | st.text(max_size=60) | st.text(st.characters(), max_size=3))
@example("\u200d")
@example("a\u200d")
@example("🏴\U000e007f")
@example("\ud800")
def test_any_text_is_a_visible_name_or_gets_a_sentence(raw: str) -> None:
    name = clean(raw)
    if name is None:
        return
    assert 1 <= len(name) <= 40
    assert name == name.strip()
    assert "  " not in name
    assert clean(name) == name, "cleaning again changes nothing"
    name.encode()  # what a database takes
    for char in name.replace("\u200c", "").replace("\u200d", "").replace(SCOTLAND[1:], ""):
        category = unicodedata.category(char)
        assert char == " " or category[0] in "LMNPS" or category == "Cn", (char, category)
    assert any(unicodedata.category(char)[0] in "LNPS" or unicodedata.category(char) == "Cn" for char in name)


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada Lovelace",
        "محمد",
        "李小龍",
        "क्\u200dष",  # a joiner chooses the form
        "می\u200cخواهم",
        FAMILY,
        "❤️\u200d🔥",
        SCOTLAND,
        "1️⃣",
        "辻\U000e0100",  # a variant that people have in their names
        "\U0001fae8",  # newer than Python 3.11
        "<script>alert(1)</script>",
        'O\'Brien & "Söhne"',
        "é" * 40,
    ],
)
def test_any_kind_of_visible_character_is_fine(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [("  Ada ", "Ada"), ("Ada \t\n  Lovelace", "Ada Lovelace"), ("Ada\u3000L", "Ada L"), ("e\u0301", "é")],
)
def test_white_space_is_folded_and_forms_are_composed(raw: str, name: str) -> None:
    assert clean(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " \n\t ",
        "\u200b",
        "\u3164",
        "Ada\u3164",
        "\u2800",
        "\u115f\u1160",
        "\u202eadA",
        "Ada\u202e",
        "\u2066Ada\u2069",
        "Ada\x00",
        "Ada\x1b[31m",
        "Ada\u034f",
        "\u200dAda",
        "Ada\u200d",
        "Ada \u200d Lovelace",
        "A\u200d\u200dda",
        "Ada\ufe0f\ufe0f",
        "\u0301",
        "\U000e0041da",
        "\ue000",
        "\uffff",
        "\ud800",
        "x" * 41,
    ],
)
def test_what_cannot_be_seen_or_is_too_long_is_refused(raw: str) -> None:
    assert clean(raw) is None
