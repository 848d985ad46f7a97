"""The door of this room: what is served, where it came from, and who challenges it."""

import logging

from mlops.history import active_configuration, sources_of
from mlops.models import Candidate, Configuration
from mlops.shadows import (
    Measures,
    ShadowResult,
    challengers,
    is_challenger,
    is_experiment_waiting,
    record_shadow,
    shadowed_jobs,
)
from scene3d.engine.public import PRESETS, OptionsInvalid, ReconstructionOptions

__all__ = [
    "Candidate",
    "Configuration",
    "Measures",
    "ShadowResult",
    "active_version",
    "challengers",
    "is_challenger",
    "is_experiment_waiting",
    "record_shadow",
    "served_options",
    "shadowed_jobs",
    "source_of",
]

logger = logging.getLogger(__name__)


def active_version() -> int:
    """0: the engine's own presets."""
    active = active_configuration()
    return active.version if active is not None else 0


def served_options(preset: str) -> tuple[ReconstructionOptions, int]:
    """Options of one of the engine's presets as they are served now, and the version of all that
    is served.

    Options that this engine no longer understands are logged, and the engine's own served instead.
    """
    own = PRESETS[preset].options
    active = active_configuration()
    if active is None:
        return own, 0
    promoted = active.options_of(preset)
    if promoted is None:
        return own, active.version
    try:
        return ReconstructionOptions.from_dict(promoted), active.version
    except OptionsInvalid as problem:
        logger.error(  # noqa: TRY400  # the options are at fault, not the code: no traceback
            "%s: the engine's own %s is served instead: %s", active, preset, problem.message
        )
        return own, active.version


def source_of(version: int, preset: str) -> Candidate | None:
    """The candidate whose options a version serves for a preset of the engine; None: its own."""
    configuration = Configuration.objects.filter(pk=version).first()
    return sources_of(configuration).get(preset) if configuration is not None else None
