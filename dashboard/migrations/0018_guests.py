from typing import Any

from django.conf import settings
from django.db import migrations, models


def keep_demo_boards_open(apps: Any, schema_editor: Any) -> None:
    """On a laptop guests still see the boards that came with the site. In production somebody has to say so."""
    if settings.LOCAL:
        slugs = ["counter", "host", "chat", "database", "blotter"]
        apps.get_model("dashboard", "Board").objects.filter(slug__in=slugs).update(guests=True)


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0017_heard_since")]

    operations = [
        migrations.AddField(
            "board",
            "guests",
            models.BooleanField(
                default=False,
                help_text="Else it is for people with an account, and for walls.",
                verbose_name="open to guests",
            ),
        ),
        migrations.RunPython(keep_demo_boards_open, migrations.RunPython.noop),
    ]
