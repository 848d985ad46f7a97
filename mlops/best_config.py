"""Configurations in files that people read: what is served, and the best that was measured."""

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import CommandError

from mlops.differences import differences, engines_options
from mlops.history import sources_of
from mlops.models import Candidate, Configuration
from mlops.selection import Selection
from scene3d.engine.public import PRESETS

_SERVED_HEAD = """\
# What Scene3D serves, written by `manage.py best_config`. Options are differences from the engine's
# presets; `manage.py promote` and `manage.py roll_back` change them, this file does not.
"""
_SELECTED_HEAD = """\
# The best trial on this data, written by `manage.py select_best_run`. Options are differences from
# the engine's preset; `manage.py promote` serves a candidate, this file does not.
"""
_SCORES = ("score", "mAA", "clusterness", "registration", "seconds_per_photo", "per_dataset")


def written_configuration(configuration: Configuration | None) -> str:
    """YAML of what is served; None: the engine's own presets."""
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
    return _SERVED_HEAD + _yaml(document)


def written_selection(selection: Selection, best: Candidate) -> str:
    """YAML of the best one."""
    document = {
        "preset": best.preset,
        "candidate": best.pk,
        "state": str(best.get_state_display()),
        "code_version": selection.code_version,
        **_preset(best.preset, best.options, best),
    }
    return _SELECTED_HEAD + _yaml(document)


def write_record(text: str, path: Path) -> None:
    """Raises: CommandError."""
    try:
        path.write_text(text)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


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
        document |= {
            "experiment": f"{source.experiment.name} ({source.experiment_id})",
            "trial": source.trial,
            "run": source.tracked_run,
            "data_hash": source.experiment.data_hash,
            "scores": _scores(source.metrics),
            "instead_of": _scores(source.metrics.get("champion", {})),
        }
    return document


def _scores(metrics: dict[str, Any]) -> dict[str, Any]:
    return {key: metrics[key] for key in _SCORES if key in metrics}
