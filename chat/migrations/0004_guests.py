from typing import Any

from django.conf import settings
from django.db import migrations, models


def keep_demo_rooms_open(apps: Any, schema_editor: Any) -> None:
    """On a laptop guests stay in the rooms that came with the site. In production somebody has to say so."""
    if settings.LOCAL:
        rooms = apps.get_model("chat", "Room").objects.filter(slug__in=["lobby", "deploys", "kitchen"], kind="public")
        rooms.update(guests=True)


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_fewer_indexes")]

    operations = [
        migrations.AddField(
            "room",
            "guests",
            models.BooleanField(
                default=False,
                help_text="Guests see a public room and talk there. Else it is for people with an account, and bots.",
                verbose_name="open to guests",
            ),
        ),
        migrations.RunPython(keep_demo_rooms_open, migrations.RunPython.noop),
    ]
