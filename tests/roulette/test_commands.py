import json
from typing import Any

import pytest

from realtime.wire.protocol import Command, CommandError, Parser
from roulette.consumers import RouletteConsumer

PARSER = Parser(RouletteConsumer.commands)


def parse(**fields: Any) -> Command:
    return PARSER.parse(json.dumps(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "roulette.enter"},
        {"type": "roulette.enter", "tags": ["films"]},
        {"type": "roulette.next"},
        {"type": "roulette.leave"},
        {"type": "roulette.block"},
        {"type": "roulette.report", "reason": "rude"},
        {"type": "join", "room": "lobby"},
    ],
)
def test_the_socket_takes_commands_of_roulette_beside_those_of_rooms(fields: dict[str, Any]) -> None:
    command = parse(**fields, ref="r1", since_version_2=[1])
    assert {name: getattr(command, name) for name in fields if name != "type"} | {"type": fields["type"]} == fields
    assert command.ref == "r1"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "roulette.enter", "tags": ["a"] * 6},
        {"type": "roulette.enter", "tags": [""]},
        {"type": "roulette.report", "reason": "x" * 501},
    ],
)
def test_what_does_not_fit_is_a_bad_message_with_its_ref(fields: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        parse(**fields, ref="r1")
    assert (caught.value.code, caught.value.ref) == ("bad_message", "r1")
