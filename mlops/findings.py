"""What an experiment found out, for pages and the API: from its row, without the stages' code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops.models import Experiment
from mlops.trials import CHAMPION

_GATE_TITLES = {
    "min_gain": "Better on average",
    "significant": "More than chance",
    "max_dataset_loss": "No dataset gets much worse",
    "min_registration": "Enough photos placed rightly",
    "max_registration_loss": "Not fewer photos placed than now",
    "max_time_ratio": "Still quick enough",
}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One condition for being served, and whether it is met."""

    name: str
    title: str
    passed: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class TrialFindings:
    """Means over seeds. Scores and gains are percent, shares 0 to 1."""

    name: str
    score: float
    maa: float
    clusterness: float
    registration: float
    seconds_per_photo: float
    gain: float
    """Of the score over the champion's."""
    gain_low: float
    gain_high: float
    """Of the bootstrap interval over scenes."""
    per_dataset: Mapping[str, float]
    per_scene: Mapping[str, float]
    """By dataset/scene."""
    errors: Sequence[str]
    passed: bool
    gates: Sequence[Gate]
    """Empty for the champion, and before the last stage is over."""

    @property
    def is_champion(self) -> bool:
        return self.name == CHAMPION


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Of all trials, the champion first."""

    trials: Sequence[TrialFindings]
    best: TrialFindings | None
    """Of those that passed, else of all but the champion, the one with the highest score."""

    @property
    def champion(self) -> TrialFindings:
        return next(trial for trial in self.trials if trial.is_champion)

    @property
    def datasets(self) -> list[str]:
        return list(self.champion.per_dataset)

    def of(self, trial: str) -> TrialFindings | None:
        return next((one for one in self.trials if one.name == trial), None)


def findings_of(experiment: Experiment) -> Findings | None:
    """None before there is an evaluation."""
    rows = experiment.evaluation.get("trials", [])
    if not rows:
        return None
    decided = {one["trial"]: one for one in experiment.decision.get("trials", [])}
    champion_score = next(row["score"] for row in rows if row["trial"] == CHAMPION)
    trials = [_trial(row, decided.get(row["trial"], {}), champion_score) for row in rows]
    others = [trial for trial in trials if not trial.is_champion]
    eligible = [trial for trial in others if trial.passed] or others
    return Findings(trials=trials, best=max(eligible, key=lambda trial: trial.score, default=None))


def _trial(row: Mapping[str, Any], decided: Mapping[str, Any], champion: float) -> TrialFindings:
    return TrialFindings(
        name=row["trial"],
        score=row["score"],
        maa=row["mAA"],
        clusterness=row["clusterness"],
        registration=row["registration"],
        seconds_per_photo=row["seconds_per_photo"],
        gain=row["score"] - champion,
        gain_low=row["gain"]["low"],
        gain_high=row["gain"]["high"],
        per_dataset=row["per_dataset"],
        per_scene=row["per_scene"],
        errors=row["errors"],
        passed=decided.get("passed", False),
        gates=[
            Gate(
                name=reason["gate"],
                title=_GATE_TITLES.get(reason["gate"], reason["gate"]),
                passed=reason["passed"],
                words=reason["words"],
            )
            for reason in decided.get("reasons", [])
        ],
    )
