"""Webhooks, and what the tracker is known to have heard."""

import uuid

import django.utils.timezone
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

UNKNOWN = "unknown"


def take_over(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Experiments that are over were tracked as far as they were; the alias is set once more."""
    experiments = apps.get_model("mlops", "Experiment").objects
    experiments.exclude(finished_at=None).update(tracked_at=models.F("finished_at"))
    if apps.get_model("mlops", "Configuration").objects.exists():
        apps.get_model("mlops", "TrackedAlias").objects.create(name="champion", version=UNKNOWN)


def show_deliveries(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """To whom the loop is shown. Django makes the permissions only after all migrations."""
    create_permissions(installed.get_app_config("mlops"), verbosity=0, apps=apps)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="mlops", codename="view_webhookdelivery"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name="operators"):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("mlops", "0004_shadow"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrackedAlias",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "version",
                    models.CharField(
                        blank=True, help_text="Registered; empty: none.", max_length=16
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(
                        default=0, help_text="Rises before the tracker is told."
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="experiment",
            name="tracked_at",
            field=models.DateTimeField(
                blank=True, help_text="When the tracker had heard of this attempt's end.", null=True
            ),
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("experiment.started", "Experiment started"),
                            ("experiment.done", "Experiment done"),
                            ("experiment.failed", "Experiment failed"),
                            ("configuration.promoted", "Configuration promoted"),
                            ("configuration.rolled_back", "Configuration rolled back"),
                        ],
                        max_length=32,
                    ),
                ),
                ("payload", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("given_up", "Given up"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "delivery",
                    models.PositiveIntegerField(
                        default=1, help_text="How often the queue was told."
                    ),
                ),
                (
                    "last_status",
                    models.PositiveIntegerField(
                        blank=True, help_text="Of the last answer, if there was one.", null=True
                    ),
                ),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["state", "next_attempt_at"], name="webhooks_by_due_time")
                ],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RunPython(show_deliveries, migrations.RunPython.noop),
    ]
