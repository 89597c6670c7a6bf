from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def follow_what_was_read(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A read mark in a public room becomes a follow, and the lobby everybody's room."""
    using = schema_editor.connection.alias
    rooms = apps.get_model("chat", "Room").objects.using(using)
    public = rooms.filter(kind="public")
    public.filter(slug="lobby").update(everybody=True)
    apps.get_model("chat", "PersonInRoom").objects.using(using).filter(room__in=public).update(follows=True)


def rename_permissions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep what was granted: RenameModel renames the content type, not its permissions."""
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    for permission in permissions.filter(content_type__app_label="chat", codename__endswith="_readmark"):
        verb = permission.codename.partition("_")[0]
        permission.codename, permission.name = f"{verb}_personinroom", f"Can {verb} person in room"
        permission.save()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("chat", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("ReadMark", "one_read_mark"),
        migrations.RenameModel("ReadMark", "PersonInRoom"),
        migrations.AlterField(
            "PersonInRoom",
            "room",
            models.ForeignKey(db_index=False, on_delete=models.deletion.CASCADE, related_name="people", to="chat.room"),
        ),
        migrations.AlterField(
            "PersonInRoom",
            "user",
            models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="in_rooms", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            "PersonInRoom", models.UniqueConstraint(fields=["room", "user"], name="one_person_in_room")
        ),
        migrations.AddField("PersonInRoom", "follows", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("PersonInRoom", "starred", models.BooleanField(default=False, db_default=False)),
        migrations.AddField(
            "PersonInRoom",
            "level",
            models.CharField(
                choices=[("all", "all"), ("mentions", "mentions"), ("nothing", "nothing")],
                db_default="mentions",
                default="mentions",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "Room",
            "everybody",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Everybody who may see this public room has it in their list.",
                verbose_name="everybody",
            ),
        ),
        migrations.RunPython(rename_permissions, migrations.RunPython.noop),
        migrations.RunPython(follow_what_was_read, migrations.RunPython.noop),
    ]
