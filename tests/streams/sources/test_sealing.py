from typing import Any

import pytest

from streams.sources.sealing import Unreadable, seal, unseal


def test_what_is_sealed_can_be_read_again_and_says_nothing() -> None:
    sealed = seal("Bearer hunter2")
    assert "hunter2" not in sealed
    assert unseal(sealed) == "Bearer hunter2"
    assert seal("Bearer hunter2") != sealed


def test_an_older_key_still_opens_what_it_sealed(settings: Any) -> None:
    sealed = seal("hunter2")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert unseal(sealed) == "hunter2"
    assert unseal(seal("hunter3")) == "hunter3"


def test_another_key_opens_nothing(settings: Any) -> None:
    sealed = seal("hunter2")
    settings.SECRET_KEY = "another key"
    with pytest.raises(Unreadable):
        unseal(sealed)
    with pytest.raises(Unreadable):
        unseal("nonsense")
