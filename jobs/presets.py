"""Which options a job gets: the engine's preset, this server's overrides, the person's wishes."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from jobs.models import Preset
from scene3d.engine.public import PRESETS, OptionsInvalid, ReconstructionOptions


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
    """The engine's preset, this server's cloud size, the operator's overrides, `wishes`: later ones
    win.

    Raises: OptionsInvalid.
    """
    cloud = {"voxel_size": settings.ENV.voxel_size, "max_points": settings.ENV.max_points}
    return (
        PRESETS[preset.base]
        .options.merged({"cloud": cloud})
        .merged(preset.overrides)
        .merged(wishes)
    )
