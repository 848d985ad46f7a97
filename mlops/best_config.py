"""The served configuration in a file that people read."""

from typing import Any

import yaml

from mlops.differences import differences, engines_options
from mlops.history import sources_of
from mlops.models import Candidate, Configuration
from scene3d.engine.public import PRESETS

_HEAD = """\
# What Scene3D serves, written by `manage.py best_config`. Options are differences from the engine's
# presets; `manage.py promote` and `manage.py roll_back` change them, this file does not.
"""
_SCORES = ("score", "mAA", "clusterness", "registration", "seconds_per_photo", "per_dataset")


def written_configuration(configuration: Configuration | None) -> str:
    """YAML; None: the engine's own presets."""
    if configuration is None:
        document = {"version": 0, "reason": "Nothing has been promoted yet."}
        sources: dict[str, Candidate] = {}
    else:
        document = _version(configuration)
        sources = sources_of(configuration)
    served = configuration.options if configuration is not None else {}
    document["presets"] = {
        name: _preset(name, served.get(name), sources.get(name)) for name in (*PRESETS, *served)
    }
    return _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _version(configuration: Configuration) -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": configuration.version,
        "served_since": configuration.created_at.isoformat(timespec="seconds"),
        "by": configuration.created_by_name,
        "reason": configuration.reason,
    }
    if configuration.restored_version is not None:
        document["restores"] = configuration.restored_version
    return document


def _preset(name: str, options: dict[str, Any] | None, source: Candidate | None) -> dict[str, Any]:
    if options is None:
        return {"options": {}}
    document: dict[str, Any] = {"options": differences(options, engines_options(name))}
    if source is not None:
        document["experiment"] = f"{source.experiment.name} ({source.experiment_id})"
        document["trial"] = source.trial
        document["scores"] = _scores(source.metrics)
        document["instead_of"] = _scores(source.metrics.get("champion", {}))
    return document


def _scores(metrics: dict[str, Any]) -> dict[str, Any]:
    return {key: metrics[key] for key in _SCORES if key in metrics}
