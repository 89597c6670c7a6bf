"""Carries a database from before version 0.1.0, whose app `dashboard` became four, over to the present layout.

Rows of renamed tables wait in temporary tables while the migrations make the new tables. So indexes and constraints
get the same names as on a new site. Other tables stay. Content types keep their ids, so permissions and the admin's
log stay valid.
"""

from typing import Final

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

#: The last migration of each app of the previous layout.
PREVIOUS: Final = {"accounts": "0004", "chat": "0004", "dashboard": "0018", "realtime": "0001"}
#: Apps that keep their tables, and apps that get tables of others.
KEPT: Final = ("accounts", "chat", "realtime")
NEW: Final = ("roulette", "streams", "boards", "walls", "alerts")
#: Models that moved to another app, and their new app.
MOVED: Final = {
    "chat.seat": "roulette.Seat",
    "chat.block": "roulette.Block",
    "chat.report": "roulette.Report",
    "dashboard.stream": "streams.Stream",
    "dashboard.sample": "streams.Sample",
    "dashboard.tablerow": "streams.TableRow",
    "dashboard.pushtoken": "streams.PushToken",
    "dashboard.pushtally": "streams.PushTally",
    "dashboard.producerlease": "streams.ProducerLease",
    "dashboard.sqlsource": "streams.SqlSource",
    "dashboard.httpsource": "streams.HttpSource",
    "dashboard.board": "boards.Board",
    "dashboard.widget": "boards.Widget",
    "dashboard.wall": "walls.Wall",
    "dashboard.wallboard": "walls.WallBoard",
    "dashboard.screenlink": "walls.ScreenLink",
    "dashboard.screen": "walls.Screen",
    "dashboard.pairing": "walls.ScreenCode",
    "dashboard.alertrule": "alerts.AlertRule",
    "dashboard.rulestate": "alerts.RuleState",
    "dashboard.incident": "alerts.Incident",
    "dashboard.alertduty": "alerts.AlertDuty",
}


def has_previous_layout() -> bool:
    """Return whether the app `dashboard` has migrated this database."""
    return any(app == "dashboard" for app, _ in MigrationRecorder(connection).applied_migrations())


def refuse_previous_layout() -> None:
    """Stop a migration that would make empty tables beside the old full ones. Raises CommandError."""
    if has_previous_layout():
        raise CommandError(
            "This database is of the layout before version 0.1.0. Stop all processes, make a backup,"
            " and run: manage.py carryover"
        )


def carry_over() -> bool:
    """Carry the database over in one transaction; return False when it has the present layout already.

    Raises CommandError when it has neither layout; then nothing has changed.
    """
    with connection.constraint_checks_disabled(), transaction.atomic():
        if not _is_previous():
            return False
        _replace_migrations()
        _move_content_types()
        tables = _tables()
        for old, _, _ in tables:
            _execute(f"CREATE TEMPORARY TABLE {_waiting(old)} AS SELECT * FROM {_quoted(old)}")  # noqa: S608
        for old, _, _ in tables:
            _execute(f"DROP TABLE {_quoted(old)}" + " CASCADE" * (connection.vendor == "postgresql"))
        MigrationExecutor(connection).migrate([(app, "0001_initial") for app in NEW])
        for old, new, columns in tables:
            names = ", ".join(map(_quoted, columns))
            _execute(f"INSERT INTO {_quoted(new)} ({names}) SELECT {names} FROM {_waiting(old)}")  # noqa: S608
            _execute(f"DROP TABLE {_waiting(old)}")
        _set_sequences()
        connection.check_constraints()
        _check_kept()
    return True


def _is_previous() -> bool:
    """Return True for the previous layout, False for the present one. Raises CommandError when it is neither."""
    latest: dict[str, str] = {}
    for app, name in MigrationRecorder(connection).applied_migrations():
        latest[app] = max(latest.get(app, ""), name[:4])
    found = {app: number for app, number in latest.items() if app in {*PREVIOUS, *NEW}}
    if found == PREVIOUS:
        return True
    if "dashboard" not in found and found.keys() >= {*KEPT, *NEW}:
        return False
    raise CommandError(
        f"This database is not at the last migrations of the previous layout ({_listed(PREVIOUS)}): it is at"
        f" {_listed(found) or 'none'}. Migrate it with the code of the previous layout first. Nothing has changed."
    )


def _listed(migrations: dict[str, str]) -> str:
    return ", ".join(f"{app} {number}" for app, number in sorted(migrations.items()))


def _replace_migrations() -> None:
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app__in=PREVIOUS).delete()
    for app in KEPT:
        recorder.record_applied(app, "0001_initial")


def _move_content_types() -> None:
    for old, label in MOVED.items():
        (old_app, old_model), (app, model) = old.split("."), label.lower().split(".")
        ContentType.objects.filter(app_label=old_app, model=old_model).update(app_label=app, model=model)
        for permission in Permission.objects.filter(content_type__app_label=app, content_type__model=model):
            verb = permission.codename.partition("_")[0]
            permission.codename = f"{verb}_{model}"
            permission.name = f"Can {verb} {apps.get_model(label)._meta.verbose_name}"
            permission.save()
    ContentType.objects.clear_cache()


def _tables() -> list[tuple[str, str, list[str]]]:
    """Return each old table, its new table, and the columns of both. Raises CommandError when the columns differ."""
    pairs: list[tuple[str, type[Model]]] = []
    for old, label in MOVED.items():
        model, table = apps.get_model(label), old.replace(".", "_")
        pairs.append((table, model))
        for field in model._meta.local_many_to_many:
            pairs.append((f"{table}_{field.name}", field.remote_field.through))
    return [(old, model._meta.db_table, _columns(old, model)) for old, model in pairs]


def _columns(table: str, model: type[Model]) -> list[str]:
    """Return the columns that `model` has. Raises CommandError when `table` has others."""
    wanted = [str(field.column) for field in model._meta.local_concrete_fields]
    with connection.cursor() as cursor:
        there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    if there != set(wanted):
        differing = ", ".join(sorted(there ^ set(wanted)))
        raise CommandError(f"The table {table} lacks columns, or has others ({differing}). Nothing has changed.")
    return wanted


def _set_sequences() -> None:
    """Make the next id one that no row has."""
    models = [model for app in NEW for model in apps.get_app_config(app).get_models(include_auto_created=True)]
    for statement in connection.ops.sequence_reset_sql(no_style(), models):
        _execute(statement)


def _check_kept() -> None:
    """Compare with the models of 0001: what came later is for `migrate` to add. Raises CommandError."""
    first = MigrationExecutor(connection).loader.project_state([(app, "0001_initial") for app in KEPT]).apps
    for app in KEPT:
        for model in first.get_app_config(app).get_models(include_auto_created=True):
            _columns(model._meta.db_table, model)


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _waiting(table: str) -> str:
    return _quoted(f"waiting_{table}")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
