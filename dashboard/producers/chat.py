"""How lively the chat is."""

from chat import stats
from dashboard.producers.registry import producer


@producer("people-online", every=2, label="People online")
async def people_online() -> int:
    return await stats.people_online()


@producer("messages-per-minute", every=2, label="Messages", unit="/min")
async def messages_per_minute() -> int:
    return await stats.messages_last_minute()
