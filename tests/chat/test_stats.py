from datetime import timedelta
from typing import Any

from django.utils import timezone

from chat import stats, store
from chat.models import Message, Presence
from chat.presence import current_presence
from realtime.database import in_database
from tests.cast import Cast, says


async def test_people_online_count_once_however_many_rooms_they_are_in(cast: Cast, hub: Any) -> None:
    assert await stats.people_online() == 0
    for room in (cast.kitchen, cast.lobby):
        current_presence().arrive(room.pk, cast.alice.pk)
    current_presence().arrive(cast.attic.pk, cast.bob.pk)
    await current_presence().flush()
    await Presence.objects.acreate(process="dead", room=cast.lobby, user=cast.gast, connections=1)
    assert await stats.people_online() == 2


async def test_messages_of_the_last_minute(cast: Cast, hub: Any) -> None:
    await in_database(store.apply)([says(cast.kitchen, cast.alice) for _ in range(5)])
    await Message.objects.filter(seq__lte=2).aupdate(at=timezone.now() - timedelta(seconds=70))
    assert await stats.messages_last_minute() == 3
