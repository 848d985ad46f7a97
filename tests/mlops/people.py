"""Who asks for experiments. A test module imports the fixtures that it needs."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara", is_staff=True)


@pytest.fixture
def operator(db: None) -> User:
    """Not staff, but with the right."""
    user = User.objects.create_user("oscar")
    user.user_permissions.add(Permission.objects.get(codename="operate_candidate"))
    return user


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("steve")


@pytest.fixture(autouse=True)
def own_data_dir(settings: Any, tmp_path: Path) -> Path:
    """Where this test's experiments have their folders."""
    settings.DATA_DIR = tmp_path / "data-dir"
    return tmp_path / "data-dir"


def browser_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
