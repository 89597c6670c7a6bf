"""Who is in which room."""

from django.conf import settings
from django.db import models

from chat.models.rooms import Room


class Presence(models.Model):
    """How many connections of one process somebody has in a room; written by `chat.presence.connections`."""

    process = models.CharField(max_length=32, db_index=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presences")
    connections = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "room", "user"], name="one_presence")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room} through {self.process}"
