"""What is served, what was, and where it came from. Reads only."""

from datetime import datetime
from typing import Any

from mlops.models import Candidate, Configuration
from scene3d.engine.public import PRESETS


def active_configuration() -> Configuration | None:
    """None: the engine's own presets are served, as version 0."""
    return Configuration.objects.filter(is_active=True).first()


def served_at(moment: datetime) -> Configuration | None:
    """What was served then; None for the engine's own presets."""
    return Configuration.objects.filter(created_at__lte=moment).first()


def has_other_champion(candidate: Candidate) -> bool:
    """Whether its preset is served with other options than those that it was compared with."""
    now = options_served_for(candidate.preset)
    champion: dict[str, Any] | None = candidate.experiment.spec.get("champion")
    if champion is not None:
        return (now or PRESETS[candidate.preset].options.to_dict()) != champion
    return now != _options(served_at(candidate.experiment.created_at), candidate.preset)


def previous_version(configuration: Configuration) -> int | None:
    """What a roll-back without a version goes to, 0 for the engine's own presets.

    Before a roll-back it is what was served before the version that it restored: going back twice
    goes further back, never forward again. None: there is nothing before it.
    """
    origin = configuration
    while origin.restores is not None:
        origin = origin.restores
    return origin.version - 1 if origin.candidate_id is not None else None


def sources_of(configuration: Configuration) -> dict[str, Candidate]:
    """Whose options it serves, by preset; presets that are the engine's own are not there."""
    sources: dict[int, dict[str, Candidate]] = {0: {}}
    versions = Configuration.objects.filter(version__lte=configuration.version)
    for row in versions.select_related("candidate__experiment").order_by("version"):
        if row.candidate is not None:
            before = sources[row.version - 1]
            sources[row.version] = {**before, row.candidate.preset: row.candidate}
        else:
            sources[row.version] = sources[row.restored_version or 0]
    return sources[configuration.version]


def options_served_for(preset: str) -> dict[str, Any] | None:
    """None: the engine's own."""
    return _options(active_configuration(), preset)


def _options(configuration: Configuration | None, preset: str) -> dict[str, Any] | None:
    return configuration.options_of(preset) if configuration is not None else None
