"""params.yaml: a section per stage, each strict, frozen and fingerprinted."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from scene3d.engine.options import problem_sentences
from scene3d.engine.public import PhotoProblem


class ParamsInvalid(PhotoProblem):
    """A parameter file that cannot be read, or a section with unknown keys or impossible values."""

    code = "params_invalid"
    next_step = "Correct the parameter file."


class StageParams(BaseModel):
    """What changes the result of a stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def fingerprint(self) -> str:
        """16 hex digits; changes with any value."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


Params = TypeVar("Params", bound=StageParams)


def read_params(path: Path | None, section: str, model: type[Params]) -> Params:
    """The section of the file; defaults where it, or the file, is not given.

    Raises: ParamsInvalid.
    """
    values = {} if path is None else _read_section(path, section)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [f"{section}.{problem}" for problem in problem_sentences(model, error)]
        raise ParamsInvalid("; ".join(problems) + ".", evidence={"problems": problems}) from error


def _read_section(path: Path, section: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ParamsInvalid(f"{path} cannot be read: {error}.") from error
    if not isinstance(content, dict | None):
        raise ParamsInvalid(f"{path} is no mapping of sections.")
    values = (content or {}).get(section)
    if not isinstance(values, dict | None):
        raise ParamsInvalid(f"{path}: {section} is no mapping of parameters.")
    return values or {}
