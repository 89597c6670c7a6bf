"""The server processes that are running."""

from django.db import models


class Process(models.Model):
    """One running server process: a lease on the database's clock (see `realtime.process`)."""

    id = models.CharField(max_length=32, primary_key=True)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    connections = models.PositiveIntegerField(default=0)
    leaving = models.BooleanField(default=False)
    build = models.CharField(max_length=40)

    class Meta:
        verbose_name = "process"
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return f"{self.host} {self.pid}"
