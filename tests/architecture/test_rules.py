"""Tests of the rules: a violation of each rule, put into a small sample project, is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.source import Source

#: A sample project without violations: file to text.
HOUSE = {
    "realtime/consumers.py": "class SocketConsumer:\n    async def on_ping(self, command) -> None: ...\n",
    "realtime/bulk.py": "def update(rows, *names): ...\ndef insert(rows): ...\ndef make(model, values): ...\n",
    "realtime/publish.py": "def publish(layer): layer.group_send('hubs', {})\n",
    "chat/models/__init__.py": "from chat.models.log import Message, Room\n",
    "chat/models/log.py": """
from django.db import models

class Room(models.Model):
    name = models.TextField()

class Message(models.Model):
    room = models.ForeignKey(Room, models.PROTECT, related_name="messages")

class Reaction(models.Model):
    message = models.ForeignKey("Message", models.CASCADE)
""",
    "chat/store.py": """
from chat.models import Message, Room
from realtime.storage import bulk

def post(room: Room) -> None:
    message = Message(room=room)
    message.save()
    bulk.update([message], "room")

def newest(room: Room) -> list[Message]:
    return list(room.messages.all())
""",
    "chat/services.py": """
from chat import store
from chat.models import Message, Room
from realtime.publish import publish

def say(room: Room, found: dict[str, int]) -> None:
    store.post(room)
    room.name = "new"
    room.save()
    found.update(read=len(Message.objects.filter(room=room)))
""",
    "chat/consumers.py": """
from chat import services
from realtime.consumers import SocketConsumer

class ChatConsumer(SocketConsumer):
    async def on_send(self, command) -> None:
        services.say(command.room, {})
""",
}
FLOORS = {"chat": ("models", "store", "services", "consumers"), "realtime": ("bulk publish", "consumers")}
MAY_IMPORT = {"realtime": set[str](), "chat": {"realtime"}, "boards": {"realtime", "chat.services"}}

Rule = Callable[[Source], list[str]]


def log_rows(source: Source) -> list[str]:
    return rules.rows_are_written_by(source, "chat.models.Message", "chat_message", "chat/store.py")


def downwards(source: Source) -> list[str]:
    return rules.packages_import_downwards(source, MAY_IMPORT)


def floors(source: Source) -> list[str]:
    return rules.floors_hold(source, FLOORS)


def sends(source: Source) -> list[str]:
    return rules.only_one_uses(source, {"group_send"}, "realtime/publish.py")


def orm(source: Source) -> list[str]:
    return rules.consumers_hold_no_orm(source, "realtime.consumers.SocketConsumer")


def answers(source: Source) -> list[str]:
    return rules.commands_are_answered_in_one_way(source, "realtime.consumers.SocketConsumer")


def pure(source: Source) -> list[str]:
    return rules.are_pure(source, ("realtime.bulk",))


def privates(source: Source) -> list[str]:
    return rules.no_foreign_privates(source, "realtime/sockets.py", {"_meta"})


def folders(source: Source) -> list[str]:
    return rules.folders_are_small(source, 3, {})


def lengths(source: Source) -> list[str]:
    return rules.modules_are_short(source, 30)


ALL: list[Rule] = [
    *(downwards, floors, rules.no_circles, log_rows, rules.models_have_no_effects, orm, sends, answers, pure, privates),
    *(folders, lengths),
]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Source]:
    """Builds the sample project with some files replaced."""

    def build(files: dict[str, str]) -> Source:
        for file, text in {**HOUSE, **files}.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            (tmp_path / path.relative_to(tmp_path).parts[0] / "__init__.py").touch()
        return Source(tmp_path, MAY_IMPORT)

    return build


def only(rule: Rule, source: Source) -> str:
    """Return the single violation of `rule`."""
    (broken,) = rule(source)
    return broken


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.__name__)
def test_where_all_is_well_nothing_is_found(build: Callable[..., Source], rule: Rule) -> None:
    assert rule(build({})) == []


IN_A_FUNCTION = (
    "from chat.models import Message, Room, Reaction\n"
    "from chat import models, store\nfrom realtime.storage import bulk\n"
)


@pytest.mark.parametrize(
    "code",
    [
        "Message(room=room)",
        "models.Message.objects.create(room=room)",
        "Message.objects.filter(room=room).exclude(pk=1).update(room=None)",
        "Message._default_manager.all().delete()",
        "room.messages.create()",
        "await room.messages.acreate()",
        "room.messages.add(None, bulk=False)",
        "m = room.messages.first(); m.save()",
        "m = Message.objects.get(); await m.asave()",
        "[m.delete() for m in room.messages.all()]",
        "for i, m in enumerate(store.newest(room)): m.save()",
        "rows = Message.objects.all(); rows = rows.filter(room=room); rows.update(room=None)",
        "rows = sorted(store.newest(room)); bulk.update(rows, 'room')",
        "bulk.insert([bulk.make(Message, {})])",
        "self.last = room.messages.last(); self.last.save()",
        "(m := store.newest(room)[0]).save()",
        "reaction.message.save()",
        "cursor.execute('UPDATE chat_message SET room_id = 1')",
        "cursor.execute('delete from \"chat_message\"')",
    ],
)
def test_every_write_of_messages_outside_the_store_is_found(build: Callable[..., Source], code: str) -> None:
    evil = (
        f"{IN_A_FUNCTION}\nasync def act(self, room: Room, reaction: Reaction, cursor: object) -> None:\n    {code}\n"
    )
    assert set(log_rows(build({"boards/evil.py": evil}))) == {"boards/evil.py:6 writes rows of Message"}


@pytest.mark.parametrize("annotation", ["Message", "list[Message]", "'Iterable[Message]'", "models.Message | None"])
def test_the_type_of_a_parameter_says_what_it_is(build: Callable[..., Source], annotation: str) -> None:
    for code in (
        "rows.update(room=None)",
        "rows.save()",
        "[each.delete() for each in rows]",
        "bulk.update(rows, 'room')",
    ):
        evil = f"{IN_A_FUNCTION}\ndef act(rows: {annotation}) -> None:\n    {code}\n"
        assert only(log_rows, build({"boards/evil.py": evil})) == "boards/evil.py:6 writes rows of Message", code


def test_what_only_looks_like_it_is_not_found(build: Callable[..., Source]) -> None:
    """The same name elsewhere, another model's rows, and reading."""
    innocent = f"""{IN_A_FUNCTION}
def act(room: Room, rows: dict[str, int]) -> None:
    rows.update(a=1)
    room.save()
    Room.objects.create()
    newest = {{m.pk for m in room.messages.all()}}
    Reaction.objects.filter(message=room.messages.first()).delete()
    bulk.update([room], "name")

def act_too(message: Message) -> None:
    room = message.room_id
"""
    assert log_rows(build({"boards/innocent.py": innocent})) == []


@pytest.mark.parametrize(
    ("rule", "file", "text", "said"),
    [
        (downwards, "realtime/hub.py", "from chat.models import Room", "realtime/hub.py:1 imports chat.models.Room"),
        (downwards, "realtime/hub.py", "def f():\n    import chat", "realtime/hub.py:2 imports chat"),
        (downwards, "boards/a.py", "from chat.store import post", "boards/a.py:1 imports chat.store.post"),
        (downwards, "boards/a.py", "from chat import services_of_others", "imports chat.services_of_others"),
        (floors, "chat/models/log.py", "from chat.services import say", "imports chat.services, which is above it"),
        (floors, "chat/store.py", "def f():\n    from . import services", "imports chat.services, which is above it"),
        (floors, "chat/new.py", "", "chat/new.py is on no floor of chat"),
        (
            rules.models_have_no_effects,
            "chat/models/other.py",
            "from .log import Room\nclass Attic(Room):\n    def save(self): ...",
            "chat/models/other.py:3 has Attic.save",
        ),
        (
            rules.models_have_no_effects,
            "chat/people.py",
            "from django.db import models as m\nclass A(m.Model):\n    async def asave(self): ...",
            "chat/people.py:3 has A.asave",
        ),
        (
            rules.models_have_no_effects,
            "chat/people.py",
            "from django.db.models.signals import post_save",
            "imports django.db.models.signals.post_save",
        ),
        (
            orm,
            "chat/roulette/handlers.py",
            "from chat.consumers import ChatConsumer as Base\nfrom chat.models import Room\nclass R(Base):\n"
            "    async def f(self): Room.objects.all()",
            "chat/roulette/handlers.py:4: Room.objects",
        ),
        (
            orm,
            "boards/showing.py",
            "from realtime import consumers as c\nclass R(c.SocketConsumer):\n    async def f(self, m): m.save()",
            "boards/showing.py:3: m.save",
        ),
        (sends, "chat/link.py", "send = layer.group_send", "chat/link.py:1 uses layer.group_send"),
        (sends, "realtime/publish.py", "", "realtime/publish.py uses none of {'group_send'}"),
        (
            answers,
            "chat/extra.py",
            "from chat.consumers import ChatConsumer\nclass R(ChatConsumer):\n    async def on_x(self, c) -> dict: ...",
            "chat/extra.py:3: on_x returns something",
        ),
        (pure, "realtime/bulk.py", "from django.db import connection", "imports django.db.connection"),
        (pure, "realtime/bulk.py", "from realtime import publish", "imports realtime.publish"),
        (privates, "chat/a.py", "transport._tempDataLen", "chat/a.py:1: transport._tempDataLen"),
        (privates, "chat/a.py", "from asyncio.base_events import _run", "imports asyncio.base_events._run"),
        (
            privates,
            "chat/a.py",
            "from django import forms\nclass F(forms.Form):\n    def _post_clean(self): ...",
            "chat/a.py:3 overrides F._post_clean",
        ),
        (folders, "chat/a.html", "", "chat has 4 files"),
        (lengths, "chat/a.py", "\n" * 31, "chat/a.py has 31 lines"),
    ],
)
def test_what_breaks_a_rule_is_found(build: Callable[..., Source], rule: Rule, file: str, text: str, said: str) -> None:
    assert said in only(rule, build({file: text}))


def test_a_circle_of_imports_is_found_inside_functions_too(build: Callable[..., Source]) -> None:
    circle = {
        "realtime/consumers.py": "from .publish import publish",
        "realtime/publish.py": "def f():\n    from realtime.bulk import g",
        "realtime/bulk.py": "import realtime.consumers",
    }
    found = only(rules.no_circles, build(circle))
    assert all(f"realtime.{name}" in found for name in ("consumers", "publish", "bulk"))


def test_an_exception_that_is_none_any_more_is_found(build: Callable[..., Source]) -> None:
    source = build({"chat/a.py": ""})
    assert rules.folders_are_small(source, 3, {"chat": 4}) == []
    assert rules.folders_are_small(source, 4, {"chat": 5}) == ["chat is no exception any more"]


def test_the_one_file_may_use_private_names(build: Callable[..., Source]) -> None:
    assert privates(build({"realtime/sockets.py": "transport._tempDataLen"})) == []
