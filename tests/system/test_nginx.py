"""What deploy/nginx.conf lets through, and what it does with headers that a client invents."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from harness.launcher import Launcher
from harness.servers import Nginx, deployed

#: Requests that stay open like sockets, and the event that ends them.
HELD = threading.Semaphore(0)
LET_GO = threading.Event()


class Mirror(BaseHTTPRequestHandler):
    """Answers with the headers that arrived."""

    def do_GET(self) -> None:
        if self.path.startswith("/ws/held"):
            HELD.release()
            LET_GO.wait(30)
        body = json.dumps([self.path, dict(self.headers.items())]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def nginx(launcher: Launcher) -> Iterator[Nginx]:
    static = launcher.folder("static")
    (static / "app.0123456789ab.js").write_text("export {};")
    (static / "app.js").write_text("export {};")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service = Nginx(launcher, deployed(static, [server.server_port]))
    service.start()
    yield service
    service.stop()
    server.shutdown()
    server.server_close()


def ask(nginx: Nginx, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(f"{nginx.address}{path}", headers=headers, verify=nginx.tls, trust_env=False)


def test_what_a_client_says_of_itself_is_not_believed(nginx: Nginx) -> None:
    invented = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=6.6.6.6",
        "Daphne-Root-Path": "/evil",
    }
    _, headers = ask(nginx, "/page", invented).json()
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-Host"] == headers["Host"] == f"localhost:{nginx.port}"
    assert "Daphne-Root-Path" not in headers
    assert "Forwarded" not in headers


@pytest.mark.parametrize("path", ["/", "/ws/chat/"])
def test_an_upgrade_is_passed_on_and_only_then(nginx: Nginx, path: str) -> None:
    _, headers = ask(nginx, path, {"Connection": "Upgrade", "Upgrade": "websocket"}).json()
    assert (headers["Connection"], headers["Upgrade"]) == ("upgrade", "websocket")
    _, headers = ask(nginx, path).json()
    assert "Upgrade" not in headers
    assert headers.get("Connection", "") == ""


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/metrics?x=1"])
def test_the_metrics_are_closed_to_the_outside(nginx: Nginx, path: str) -> None:
    assert ask(nginx, path).status_code == 404


def test_static_files_come_from_the_disk(nginx: Nginx) -> None:
    hashed, plain = ask(nginx, "/static/app.0123456789ab.js"), ask(nginx, "/static/app.js")
    assert hashed.status_code == plain.status_code == 200
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "immutable" not in plain.headers.get("Cache-Control", "")
    assert "javascript" in hashed.headers["Content-Type"]
    assert hashed.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(nginx, "/static/none.js").status_code == 404


def test_plain_http_is_sent_to_https(nginx: Nginx) -> None:
    answer = httpx.get(f"http://localhost:{nginx.plain_port}/rooms/lobby/?a=b", trust_env=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://localhost/rooms/lobby/?a=b"


def test_a_body_far_over_the_limit_is_stopped_here(nginx: Nginx) -> None:
    large = httpx.post(f"{nginx.address}/api/", content=b"x" * 3_000_000, verify=nginx.tls, trust_env=False)
    assert large.status_code == 413


def test_one_address_cannot_take_all_connections(nginx: Nginx) -> None:
    with ThreadPoolExecutor(20) as pool:
        held = [pool.submit(ask, nginx, "/ws/held") for _ in range(20)]
        try:
            assert all(HELD.acquire(timeout=30) for _ in held)
            assert ask(nginx, "/ws/echo/").status_code == 429
            assert ask(nginx, "/ws/chat/", {"Cookie": "sessionid=somebody"}).status_code == 200
            assert ask(nginx, "/ws/boards/", {"Sec-WebSocket-Protocol": "switchboard, screen_x"}).status_code == 200
            assert ask(nginx, "/page").status_code == 200
        finally:
            LET_GO.set()
        assert all(each.result().status_code == 200 for each in held)
