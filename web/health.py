"""`/healthz`, `/readyz`, `/metrics`: for proxies and monitoring."""

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse

from realtime import process
from realtime.delivery.hub import Hub, current_hub
from web.throttling import limits_itself


async def _hub() -> Hub:
    return current_hub()


@limits_itself
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all."""
    return JsonResponse({"ok": True, "process": process.PROCESS_ID, "build": process.build()})


@limits_itself
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when this process should get new clients; else 503 with what is wrong.

    The lease, which is renewed every five seconds, shows whether the database accepts writes.
    """
    hub = async_to_sync(_hub)()
    wrong = {}
    if hub.draining:
        wrong["process"] = "draining"
    if hub.sick:
        wrong["layer"] = "the channel layer does not bring our messages back"
    if trouble := process.database_trouble():
        wrong["database"] = trouble
    return JsonResponse({"ok": not wrong, **wrong}, status=503 if wrong else 200)


@limits_itself
def metrics(request: HttpRequest) -> HttpResponse:
    """This process in the text format of Prometheus."""
    hub = async_to_sync(_hub)()
    lines = [
        "# TYPE switchboard_connections gauge",
        f"switchboard_connections {len(hub.connections)}",
        "# TYPE switchboard_topics gauge",
        f"switchboard_topics {len(hub.topics)}",
        "# TYPE switchboard_heals_total counter",
        f"switchboard_heals_total {hub.heals}",
        "# TYPE switchboard_layer_sick gauge",
        f"switchboard_layer_sick {int(hub.sick)}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
