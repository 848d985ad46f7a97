"""What an experiment is to do: one strict YAML file, which is also DVC's parameter file.

Each stage reads its own section; `trials`, `seeds` and `gates` are here.
"""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from mlops.gates import Gates
from mlops.params import ParamsInvalid, StageParams
from mlops.stage_params import EdaParams, PreprocessParams, ValidateParams
from mlops.trials import CHAMPION, Search, Trial, TrialPlan, plan
from scene3d.engine.options import problem_sentences
from scene3d.engine.public import PRESETS, OptionsInvalid

MAX_TRIALS = 1000
"""Of a grid; a slip of the pen makes many more."""


class SpecInvalid(ParamsInvalid):
    """A spec with unknown keys, impossible values, or nothing to try."""

    code = "spec_invalid"
    next_step = "Correct the spec; the README's section on experiments shows one."


class TrialsParams(StageParams):
    """What is tried, each time starting from the same preset."""

    preset: Literal["quick", "standard", "thorough"] = "standard"
    fixed: list[Trial] = Field(default=[], description="Options by name of the trial.")
    grid: dict[str, list[Any]] = Field(
        default={},
        description="Values by option, such as features.max_keypoints; every combination is tried.",
    )
    search: Search | None = Field(default=None, description="Options that Optuna chooses.")

    def plans(self) -> list[TrialPlan]:
        """Those that are known beforehand: fixed ones, then the grid's.

        Raises: OptionsInvalid.
        """
        return [plan(trial.name, self.preset, trial.options) for trial in self._known()]

    def _known(self) -> Iterator[Trial]:
        yield from self.fixed
        if self.grid:
            for values in itertools.product(*self.grid.values()):
                chosen = dict(zip(self.grid, values, strict=True))
                yield Trial.of_paths(chosen)


class Spec(StageParams):
    """A whole experiment."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    description: str = ""
    data: str = Field(default="data", description="Folder of the labelled photos.")
    validation: ValidateParams = ValidateParams()
    eda: EdaParams = EdaParams()
    preprocess: PreprocessParams = PreprocessParams()
    trials: TrialsParams = TrialsParams()
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default=[0], min_length=1)
    gates: Gates = Gates()
    champion: dict[str, Any] | None = Field(
        default=None,
        description="Complete options that every trial is compared with; filled in with what is"
        " served when the experiment starts.",
    )
    code_version: str = Field(
        default="", description="Of the engine; filled in when the experiment starts."
    )

    @model_validator(mode="after")
    def _is_something_to_do(self) -> Self:
        if (combinations := math.prod(map(len, self.trials.grid.values()))) > MAX_TRIALS:
            raise ValueError(f"trials: a grid of {combinations}, at most {MAX_TRIALS} are possible")
        try:
            names = [trial.name for trial in self.trials.plans()]
        except OptionsInvalid as problem:
            raise ValueError(f"trials: {problem.message}") from problem
        if not names and self.trials.search is None:
            raise ValueError("trials: nothing to try; give fixed, grid or search")
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"trials: {', '.join(repeated)} is there twice")
        if CHAMPION in names:
            raise ValueError(f"trials: {CHAMPION} is the name of what is served")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one is there twice")
        return self

    def with_champion(self, options: Mapping[str, Any], code_version: str) -> "Spec":
        """As it is run: with what the trials are compared with."""
        return self.model_copy(update={"champion": dict(options), "code_version": code_version})

    def measures_the_same(self, other: "Spec") -> bool:
        """Whether the trials, and all that their scores depend on, are equal; what they are
        compared with, and how that is judged, may differ."""
        judged = {"name", "description", "gates", "champion"}
        return self.model_dump(exclude=judged) == other.model_dump(exclude=judged)

    @property
    def champion_plan(self) -> TrialPlan:
        """What is served, or the engine's own preset."""
        preset = self.trials.preset
        options = self.champion or PRESETS[preset].options.to_dict()
        return plan(CHAMPION, preset, options)

    def to_yaml(self) -> str:
        """What `read_spec` reads, and DVC."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def read_spec(path: Path) -> Spec:
    """Raises: SpecInvalid, naming every problem."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SpecInvalid(f"{path} is not there.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecInvalid(f"{path} cannot be read: {error}.") from error
    return spec_from(content)


def spec_from(content: Any) -> Spec:
    """Of plain values, as YAML and JSON hold them.

    Raises: SpecInvalid, naming every problem.
    """
    if not isinstance(content, dict):
        raise SpecInvalid("A spec is a mapping with a name and trials.")
    try:
        return Spec.model_validate_json(json.dumps(content))
    except (TypeError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise SpecInvalid(f"A spec holds plain values only: {error}.") from error
        problems = problem_sentences(Spec, error)
        raise SpecInvalid("; ".join(problems) + ".", evidence={"problems": problems}) from error
