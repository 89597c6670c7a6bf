import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realtime.wire.origins import is_allowed

ALLOWED = ["https://pages.example.org", "http://kiosk.local:8080", "https://[2001:db8::1]"]


def allowed(origin: str, host: str = "chat.example.org", *, https: bool = True) -> bool:
    return is_allowed(origin, host=host, https=https, allowed=ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host", "https"),
    [
        ("https://chat.example.org", "chat.example.org", True),
        ("https://chat.example.org:443", "chat.example.org", True),
        ("https://chat.example.org", "chat.example.org:443", True),
        ("http://localhost:8000", "localhost:8000", False),
        ("http://127.0.0.1", "127.0.0.1:80", False),
        ("http://[::1]:8000", "[::1]:8000", False),
        ("HTTPS://Chat.Example.ORG", "chat.example.org", True),
        ("https://chat.example.org.", "chat.example.org", True),
        ("https://chat.example.org", "chat.example.org.", True),
    ],
)
def test_our_own_pages_may(origin: str, host: str, https: bool) -> None:
    assert allowed(origin, host, https=https)


@pytest.mark.parametrize(
    "origin",
    ["https://pages.example.org", "https://pages.example.org:443", "http://kiosk.local:8080", "https://[2001:DB8::1]"],
)
def test_pages_named_in_the_settings_may(origin: str) -> None:
    assert allowed(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://chat.example.org",  # another scheme
        "https://chat.example.org:8443",  # another port
        "https://chat.example.org:0",
        "https://chat.example.org:80",
        "http://chat.example.org:443",
        "https://example.org",
        "https://evil-chat.example.org",
        "https://chat.example.org.evil.org",
        "https://evil.org/chat.example.org",
        "http://pages.example.org",
        "http://kiosk.local",
        "http://kiosk.local:80",
    ],
)
def test_others_may_not(origin: str) -> None:
    assert not allowed(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "chat.example.org",
        "//chat.example.org",
        "https://",
        "https:chat.example.org",
        "https:///chat.example.org",
        "https://chat.example.org/",
        "https://chat.example.org/path",
        "https://chat.example.org?",
        "https://chat.example.org#",
        "https://user@chat.example.org",
        "https://@chat.example.org",
        "https://:@chat.example.org",
        "https://chat.example.org:",
        "https://chat.example.org:port",
        "https://chat.example.org:443:443",
        "https://chat.example.org:4_43",
        "https://chat.example.org..",
        "https://[chat.example.org",
        "https://chat.example.org]",
        "https://[::1",
        "https://[::1]evil",
        " https://chat.example.org",
        "https://chat.example.org\n",
        "https://chat.exa\tmple.org",
        "https://chat.example.org https://chat.example.org",
        "https://chat.example.org, https://evil.org",
        "https:\\\\chat.example.org",
        "https://chat.example.org\\.evil.org",
        "wss://chat.example.org",
        "file://",
        "chrome-extension://abcdef",
        "https://chat.example.org:４４３",
        "https://chat.example.org:99999999999",
    ],
)
def test_what_is_malformed_may_not(origin: str) -> None:
    assert not allowed(origin)


@pytest.mark.parametrize(
    "host", ["", "chat.example.org/", "user@chat.example.org", "chat.example.org:x", "a b", "[::1"]
)
def test_a_malformed_host_is_nobodys_own(host: str) -> None:
    for origin in ("https://chat.example.org", f"https://{host}"):
        assert not allowed(origin, host)


@given(st.text())
@example("https://[")
@example("https://[::ffff:1.2.3.4%eth0]")
@example("https://\ud800")
def test_nothing_makes_it_fail(text: str) -> None:
    assert not allowed(f"https://{text}.evil.org", text)
    assert isinstance(allowed(text, text), bool)
