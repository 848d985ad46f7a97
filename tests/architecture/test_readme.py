"""The README keeps up with the code."""

from pathlib import Path

import pytest

from accounts.roles import ROLES
from scene3d.engine.public import PRESETS
from scene3d.settings.env import Environment

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


@pytest.mark.parametrize("name", Environment.model_fields)
def test_every_variable_is_explained(name: str) -> None:
    field = Environment.model_fields[name]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{field.alias}` |"))
    assert row.endswith(f"| {field.description} |")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_in_the_table(name: str) -> None:
    assert f"\n| `{name}` |" in README


def test_the_picture_is_there() -> None:
    assert "![A rendered plaza" in README
    assert (
        Path(__file__).resolve().parents[2] / "static" / "img" / "plaza.webp"
    ).stat().st_size > 0


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_explained(role: str) -> None:
    assert f"| `{role}` | {ROLES[role]} |" in README
