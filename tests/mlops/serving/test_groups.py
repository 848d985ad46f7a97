"""Who may do what, as a new server has it."""

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from accounts.models import User

LOOK = {
    "mlops.view_experiment",
    "mlops.view_experimentstage",
    "mlops.view_candidate",
    "mlops.view_configuration",
    "mlops.view_auditentry",
}
MIGRATION = importlib.import_module("mlops.migrations.0002_groups")


def test_operators_look_and_operate(olga: User) -> None:
    assert olga.get_all_permissions() == LOOK | {
        "mlops.operate_candidate",
        "mlops.view_webhookdelivery",
        "drift.activate_baseline",
        "drift.view_activation",
        "drift.view_baseline",
        "drift.view_window",
    }


def test_approvers_look_and_approve(ada: User) -> None:
    assert ada.get_all_permissions() == LOOK | {"mlops.approve_candidate"}


def test_the_migration_can_be_taken_back_and_keeps_own_groups(db: None) -> None:
    Group.objects.create(name="photographers")
    MIGRATION.remove_groups(apps, None)
    assert list(Group.objects.values_list("name", flat=True)) == ["photographers"]
    MIGRATION.add_groups(apps, None)
    MIGRATION.add_groups(apps, None)
    assert set(Group.objects.values_list("name", flat=True)) == {
        "photographers", "operators", "approvers",
    }  # fmt: skip


@pytest.mark.django_db
def test_permissions_are_made_once() -> None:
    """By the migration, and not again by Django after all migrations."""
    assert Permission.objects.filter(codename="operate_candidate").count() == 1
