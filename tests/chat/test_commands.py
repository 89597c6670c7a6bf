import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import commands
from chat.commands import check_body, check_emoji
from realtime.wire.protocol import Command, CommandError, Parser

PARSER = Parser(commands.Commands)
ID = "6b0e0c3a-8f0a-4a62-9a40-3a0d7f0c2f11"


def parse(**fields: Any) -> Command:
    return PARSER.parse(json.dumps(fields))


def code(check: Any, *arguments: Any) -> str | None:
    try:
        check(*arguments)
    except CommandError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "join", "room": "lobby"},
        {"type": "join", "room": "lobby", "after": 0, "limit": 200},
        {"type": "leave", "room": "lobby"},
        {"type": "send", "room": "lobby", "id": ID, "body": "hi", "reply_to": None},
        {"type": "edit", "room": "lobby", "seq": 1, "body": "hi"},
        {"type": "delete", "room": "lobby", "seq": 1},
        {"type": "react", "room": "lobby", "seq": 1, "emoji": "👍", "on": True},
        {"type": "read", "room": "lobby", "seq": 0},
        {"type": "typing", "room": "lobby"},
    ],
)
def test_every_command_is_read_with_its_ref_and_what_is_unknown_is_ignored(fields: dict[str, Any]) -> None:
    command = parse(**fields, ref="r1", since_version_2=[1])
    assert command.ref == "r1"
    for name, value in fields.items():
        if name != "type":
            found = getattr(command, name)
            assert (str(found) if name == "id" else found) == value


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "join"},
        {"type": "join", "room": "x" * 65},
        {"type": "join", "room": "lobby", "after": -1},
        {"type": "join", "room": "lobby", "after": 2**53},
        {"type": "join", "room": "lobby", "after": 1.5},
        {"type": "join", "room": "lobby", "limit": 0},
        {"type": "join", "room": "lobby", "limit": 201},
        {"type": "send", "room": "lobby", "id": "7", "body": "hi"},
        {"type": "send", "room": "lobby", "id": ID, "body": None},
        {"type": "send", "room": "lobby", "id": ID, "body": "hi", "reply_to": 0},
        {"type": "send", "room": "lobby", "id": ID, "body": "\0"},
        {"type": "edit", "room": "lobby", "seq": "1", "body": "hi"},
        {"type": "delete", "room": "lobby", "seq": 2**64},
        {"type": "react", "room": "lobby", "seq": 1, "emoji": "x" * 17, "on": True},
        {"type": "react", "room": "lobby", "seq": 1, "emoji": "👍", "on": "yes"},
    ],
)
def test_what_does_not_fit_is_a_bad_message_with_its_ref(fields: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        parse(**fields, ref="r1")
    assert (caught.value.code, caught.value.ref) == ("bad_message", "r1")


def test_a_command_of_another_endpoint_is_unknown() -> None:
    with pytest.raises(CommandError) as caught:
        parse(type="subscribe", ref="r1")
    assert (caught.value.code, caught.value.ref) == ("unknown_type", "r1")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("hi", None),
        ("🔥" * 8_000, None),
        (" \n a \n ", None),
        ("x" * 8_001, "too_long"),
        ("", "bad_message"),
        (" \n\t ", "bad_message"),
        ("\u200b\u200d\u202e\u3000", "bad_message"),
    ],
)
def test_a_body_has_something_to_see_and_an_end(body: str, error: str | None) -> None:
    assert code(check_body, body) == error


@pytest.mark.parametrize(
    "emoji",
    [
        "👍",
        "👍🏽",
        "❤️",
        "✅",
        "♥",
        "ℹ️",
        "↔️",
        "1️⃣",
        "#️⃣",
        "🇩🇪",
        "👨‍👩‍👧‍👦",
        "❤️‍🔥",
        "🧑🏻‍❤️‍💋‍🧑🏼",
        "🏴\U000e0067\U000e0062\U000e007f",
        "\U0001fae8",
    ],
)
def test_a_reaction_is_an_emoji(emoji: str) -> None:
    assert code(check_emoji, emoji) is None


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a",
        "ok",
        "1",
        "#",
        "漢",
        "👍👍",
        "👍 ",
        "👍\u202e",
        "👍a",
        "\ufe0f",
        "\u200d",
        "\u2800",
        "\u3164",
        "🇩",
        "<b>",
    ],
)
def test_anything_else_is_not(words: str) -> None:
    assert code(check_emoji, words) == "bad_message"


@given(st.text(max_size=16))
def test_no_letters_get_in_as_a_reaction(text: str) -> None:
    if code(check_emoji, text) is None:
        assert not [
            char for char in text if unicodedata.category(char) in ("Lu", "Lo", "Lm", "Zs", "Cc") and char != "ℹ"
        ]
