"""Chat's numbers for the boards; the one module of chat that `dashboard` may call."""

from datetime import timedelta

from django.db.models.functions import Now

from chat.models import Message
from chat.presence import alive_rows
from realtime.database import in_database


@in_database
def people_online() -> int:
    """Return how many people are in rooms now, over all processes."""
    return alive_rows().values("user").distinct().count()


@in_database
def messages_last_minute() -> int:
    """Return how many messages were sent in the last 60 seconds."""
    return Message.objects.filter(at__gt=Now() - timedelta(minutes=1)).count()
