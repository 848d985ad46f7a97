"""The presets that a new server offers."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAMES = ("quick", "standard", "thorough")
DEFAULT = "standard"


def add_presets(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    preset = apps.get_model("jobs", "Preset")
    for position, name in enumerate(NAMES):
        preset.objects.create(name=name, base=name, position=position, is_default=name == DEFAULT)


def remove_presets(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("jobs", "Preset").objects.filter(name__in=NAMES).delete()


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [migrations.RunPython(add_presets, remove_presets)]
