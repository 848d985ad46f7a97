"""Trials: options by name, given, combined or searched for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, model_validator

from mlops.params import StageParams
from scene3d.engine.public import PRESETS, ReconstructionOptions

CHAMPION = "champion"
"""The trial that the others are compared with."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._=,+-]{0,79}$")]


class Trial(StageParams):
    """Options that differ from the preset's, nested as the engine's are."""

    name: Name
    options: dict[str, Any] = {}

    @classmethod
    def of_paths(cls, values: Mapping[str, Any]) -> "Trial":
        """Of values by path, such as features.max_keypoints, and named by them."""
        words = [f"{path.rpartition('.')[2]}={value}" for path, value in values.items()]
        return cls(name=",".join(words)[:80], options=nested(values))


class Range(StageParams):
    """Numbers between two bounds, both included."""

    low: float
    high: float
    log: bool = False
    integer: bool = False

    @model_validator(mode="after")
    def _has_values(self) -> "Range":
        if self.low > self.high or (self.log and self.low <= 0):
            raise ValueError("low must not exceed high, and be positive where log is true")
        return self


class Choices(StageParams):
    """One of several values."""

    choices: list[Any] = Field(min_length=1)


class Search(StageParams):
    """Options that Optuna's tree-structured Parzen estimator chooses, one trial after the other."""

    num_trials: int = Field(default=10, ge=1, le=1000)
    seed: int = Field(default=0, ge=0)
    space: dict[str, Range | Choices] = Field(
        min_length=1, description="By option, such as matching.max_ratio."
    )


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """One trial, ready to run."""

    name: str
    preset: str
    options: ReconstructionOptions


def plan(name: str, preset: str, options: Mapping[str, Any]) -> TrialPlan:
    """Raises: OptionsInvalid."""
    return TrialPlan(name=name, preset=preset, options=PRESETS[preset].options.merged(options))


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    result: dict[str, Any] = {}
    for path, value in values.items():
        *folders, last = path.split(".")
        place = result
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return result
