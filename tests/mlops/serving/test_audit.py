"""The log of decisions is only ever added to."""

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import User
from mlops import services
from mlops.append_only import Unchangeable
from mlops.models import AuditEntry
from tests.mlops.serving.builders import WHY, make_candidate


@pytest.fixture
def entry(olga: User) -> AuditEntry:
    services.promote(make_candidate(), olga, WHY)
    return AuditEntry.objects.get()


def test_no_entry_is_changed(entry: AuditEntry) -> None:
    entry.reason = "Another reason."
    with pytest.raises(Unchangeable):
        entry.save()
    with pytest.raises(Unchangeable):
        AuditEntry.objects.update(reason="x")
    with pytest.raises(Unchangeable):
        AuditEntry.objects.filter(pk=entry.pk).update(reason="x")
    with pytest.raises(Unchangeable), transaction.atomic():
        AuditEntry.objects.bulk_update([entry], ["reason"])
    with pytest.raises(Unchangeable), transaction.atomic():
        AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"reason": "x"})
    assert AuditEntry.objects.get().reason == WHY


def test_no_entry_is_deleted(entry: AuditEntry) -> None:
    with pytest.raises(Unchangeable):
        entry.delete()
    with pytest.raises(Unchangeable):
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.count() == 1


def test_what_an_entry_is_about_stays(entry: AuditEntry) -> None:
    assert entry.candidate is not None
    for row in (entry.candidate, entry.candidate.experiment):
        with pytest.raises(ProtectedError):
            row.delete()


def test_the_name_stays_when_the_account_goes(entry: AuditEntry, olga: User) -> None:
    olga.delete()
    entry.refresh_from_db()
    assert (entry.who, entry.who_name) == (None, "olga")
    assert entry.configuration is not None
    assert (entry.configuration.created_by, entry.configuration.created_by_name) == (None, "olga")
