"""What somebody wants to know before deciding on a candidate, and afterwards about a version."""

from dataclasses import dataclass
from typing import Any

from mlops.differences import differences, engines_options, flattened
from mlops.history import sources_of
from mlops.models import Candidate, Configuration
from mlops.public import served_options
from scene3d.engine.public import PRESETS


@dataclass(frozen=True, kw_only=True)
class Change:
    """One option, by its dotted name, before and after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class ServedPreset:
    """A preset in one version; without a source it is the engine's own."""

    name: str
    changes: list[Change]
    source: Candidate | None


def changes_of(candidate: Candidate) -> list[Change]:
    """What its promotion would change about its preset."""
    return _changes(candidate.options, served_options(candidate.preset)[0].to_dict())


def presets_of(configuration: Configuration) -> list[ServedPreset]:
    """What it changes about each of the engine's presets."""
    sources = sources_of(configuration)
    return [
        ServedPreset(
            name=name,
            changes=_changes(configuration.options.get(name, {}), engines_options(name)),
            source=sources.get(name),
        )
        for name in {**PRESETS, **configuration.options}
    ]


def _changes(options: dict[str, Any], base: dict[str, Any]) -> list[Change]:
    before = dict(flattened(base))
    return [
        Change(name=name, before=before.get(name), after=after)
        for name, after in flattened(differences(options, base))
    ]
