"""Watches the alert rules: runs in every worker, but only the worker with the duty acts."""

import asyncio
import logging

from alerts import incidents
from chat import public
from realtime.storage import clock
from realtime.wire.protocol import CommandError
from streams import leases
from streams.threads import DatabaseThread

log = logging.getLogger(__name__)


async def watch_rules() -> None:
    """Evaluate the rules and post cards until cancelled; then give up the duty."""
    holder, thread = leases.new_holder(), DatabaseThread("alerts")
    try:
        while True:
            try:
                await _round(holder, thread)
            except Exception:
                log.exception("The alert rules could not be looked at; the next try is in %.1f s", leases.RENEW)
            await asyncio.sleep(leases.RENEW)
    finally:
        await asyncio.shield(_end(holder, thread))


async def _end(holder: str, thread: DatabaseThread) -> None:
    try:
        await thread.call(incidents.release, holder)
    except Exception:
        log.exception("The watch over alert rules did not end well; another takes it over when it has run out")
    thread.end()


async def _round(holder: str, thread: DatabaseThread) -> None:
    token = await thread.call(incidents.hold, holder)
    if token is None or not await thread.call(incidents.evaluate, token, clock.now()):
        return
    for incident, body, card in await thread.call(incidents.to_tell, clock.now()):
        try:
            await public.put_card(incident.room, incidents.card_id(incident), body, card)
        except CommandError as error:
            if incident.trouble != error.detail:
                log.warning("Room %s takes no alert: %s", incident.room, error.detail)
            await thread.call(incidents.note_trouble, incident, error.detail, clock.now())
        else:
            await thread.call(incidents.note_told, incident)
