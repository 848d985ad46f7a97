"""Who may operate and who may approve, as groups."""

from collections.abc import Mapping, Sequence

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_LOOK: Sequence[str] = (
    "view_experiment",
    "view_experimentstage",
    "view_candidate",
    "view_configuration",
    "view_auditentry",
)
GROUPS: Mapping[str, Sequence[str]] = {
    "operators": (*_LOOK, "operate_candidate"),
    "approvers": (*_LOOK, "approve_candidate"),
}


def add_groups(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes the permissions only after all migrations, which is too late."""
    create_permissions(installed.get_app_config("mlops"), verbosity=0, apps=apps)
    permissions = apps.get_model("auth", "Permission").objects
    for name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(
            *permissions.filter(content_type__app_label="mlops", codename__in=codenames)
        )


def remove_groups(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("mlops", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(add_groups, remove_groups)]
