"""What somebody changed about options. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from scene3d.engine.public import PRESETS


def differences(options: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `options` whose value is another one in `base`, or that are not there; nested like
    `options`."""
    changed: dict[str, Any] = {}
    for name, value in options.items():
        other = base.get(name)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            if inner := differences(value, other):
                changed[name] = inner
        elif name not in base or value != other:
            changed[name] = value
    return changed


def engines_options(preset: str) -> dict[str, Any]:
    """Empty for a preset that the engine no longer has."""
    return PRESETS[preset].options.to_dict() if preset in PRESETS else {}


def flattened(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """{"features": {"extractor": "sift"}} as ("features.extractor", "sift")."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
