"""Numbers about the chat."""

from chat import public
from streams.producers.registry import producer


@producer("people-online", every=2, label="People online")
async def people_online() -> int:
    return await public.people_online()


@producer("messages-per-minute", every=2, label="Messages", unit="/min")
async def messages_per_minute() -> int:
    return await public.messages_last_minute()
