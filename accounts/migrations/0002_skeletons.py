from typing import Any

from django.db import migrations

import accounts.models
from accounts.names import skeleton


def fill(apps: Any, schema_editor: Any) -> None:
    """Say what the names of the people who are there look like."""
    users = apps.get_model("accounts", "User").objects
    batch = []
    for user in users.only("pk", "name", "username").iterator(1_000):
        user.name_skeleton, user.username_skeleton = skeleton(user.name), skeleton(user.username)
        batch.append(user)
        if len(batch) == 1_000:
            users.bulk_update(batch, ["name_skeleton", "username_skeleton"])
            batch.clear()
    users.bulk_update(batch, ["name_skeleton", "username_skeleton"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField("user", "name_skeleton", accounts.models.SkeletonField(of="name")),
        migrations.AddField("user", "username_skeleton", accounts.models.SkeletonField(of="username")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
