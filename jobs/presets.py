"""Which options a job gets: the served preset, this server's overrides, the person's wishes."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from jobs.models import Preset
from mlops.public import served_options
from scene3d.engine.public import PRESETS, OptionsInvalid, ReconstructionOptions

logger = logging.getLogger(__name__)


def offered_presets() -> list[Preset]:
    """Enabled ones, in the order that people see."""
    return list(Preset.objects.filter(is_enabled=True))


def default_preset() -> Preset:
    """The one marked as default, else the first enabled.

    Raises: OptionsInvalid, when the operator has disabled all.
    """
    presets = offered_presets()
    if not presets:
        raise OptionsInvalid(["preset: this server offers none"])
    return next((preset for preset in presets if preset.is_default), presets[0])


def choose_preset(name: str | None) -> Preset:
    """Raises: OptionsInvalid, for a name that is not offered."""
    if not name:
        return default_preset()
    for preset in offered_presets():
        if preset.name == name:
            return preset
    names = ", ".join(preset.name for preset in offered_presets())
    raise OptionsInvalid([f"preset: {name!r} is not offered; choose one of {names}"])


def effective_options(preset: Preset, wishes: Mapping[str, Any]) -> ReconstructionOptions:
    """The preset as it is served, this server's cloud size, the operator's overrides, `wishes`:
    later ones win.

    Raises: OptionsInvalid.
    """
    return versioned_options(preset, wishes)[0]


def versioned_options(
    preset: Preset, wishes: Mapping[str, Any]
) -> tuple[ReconstructionOptions, int]:
    """`effective_options`, and the version of the served configuration that they come from.

    Raises: OptionsInvalid.
    """
    served, version = served_options(preset.base)
    return _overridden(preset, served).merged(wishes), version


def options_if_served(preset: Preset, served: ReconstructionOptions) -> ReconstructionOptions:
    """What a new job would get without wishes, were `served` served for the preset's base.

    Raises: OptionsInvalid, where the operator's overrides do not fit.
    """
    cloud = {"voxel_size": settings.ENV.voxel_size, "max_points": settings.ENV.max_points}
    return served.merged({"cloud": cloud}).merged(preset.overrides)


def _overridden(preset: Preset, served: ReconstructionOptions) -> ReconstructionOptions:
    """Overrides were checked with the engine's own preset: they must not break another one."""
    own = PRESETS[preset.base].options
    try:
        return options_if_served(preset, served)
    except OptionsInvalid as problem:
        if served == own:
            raise
        logger.error(  # noqa: TRY400  # two choices of people are at odds: no traceback
            "preset %s: its overrides do not fit what is served, so the engine's own is: %s",
            preset.name,
            problem.message,
        )
        return options_if_served(preset, own)
