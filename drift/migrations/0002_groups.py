"""Operators see what has changed, and may say what uploads are compared with."""

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CODENAMES = ("view_baseline", "view_activation", "view_window", "activate_baseline")


def add_rights(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes the permissions only after all migrations, which is too late."""
    create_permissions(installed.get_app_config("drift"), verbosity=0, apps=apps)
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="operators")
    group.permissions.add(
        *apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label="drift", codename__in=CODENAMES
        )
    )


class Migration(migrations.Migration):
    dependencies = [
        ("drift", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(add_rights, migrations.RunPython.noop)]
