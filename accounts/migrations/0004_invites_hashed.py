"""Invites keep a hash of their token, no longer the token. Links that are open stay good."""

import hashlib
from typing import Any

from django.db import migrations, models


def hash_tokens(apps: Any, schema_editor: Any) -> None:
    invites = apps.get_model("accounts", "Invite").objects
    for invite in invites.all():
        digest = hashlib.sha256(invite.token_hash.encode()).hexdigest()
        invites.filter(pk=invite.pk).update(token_hash=digest)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_password_tries")]

    operations = [
        migrations.RenameField("invite", "token", "token_hash"),
        migrations.AlterField("invite", "token_hash", models.CharField(max_length=64, unique=True, editable=False)),
        migrations.RunPython(hash_tokens, migrations.RunPython.noop),
    ]
