"""Whether a trial may replace what is served: every gate, with its reason. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


class Gates(BaseModel):
    """What a trial must reach beside the champion. Scores are percent."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    min_gain: float = Field(
        default=0.5, description="The mean score must be better by this much at least."
    )
    significant: bool = Field(
        default=True,
        description="And the paired bootstrap interval of the gain over scenes must exclude zero.",
    )
    max_dataset_loss: float = Field(
        default=2.0, ge=0, description="No dataset's score may fall by more."
    )
    min_registration: float = Field(
        default=0.8, ge=0, le=1, description="Share of photos that are treated rightly."
    )
    max_registration_loss: float = Field(default=0.02, ge=0, le=1)
    max_time_ratio: float = Field(
        default=1.5, gt=0, description="Seconds per photo, beside the champion's."
    )


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What evaluation found out about one trial, means over seeds."""

    name: str
    score: float
    """Percent."""
    dataset_scores: Mapping[str, float]
    """Percent, by dataset."""
    registration: float
    """0 to 1, rejected outliers counted as right."""
    seconds_per_photo: float


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Of a trial's score over the champion's, paired by scene and seed."""

    mean: float
    low: float
    high: float
    """Of the bootstrap interval, percent."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One gate's word."""

    gate: str
    passed: bool
    words: str


def decide(gates: Gates, trial: TrialResult, champion: TrialResult, gain: Gain) -> list[Reason]:
    """All of them, in a fixed order; the trial may be served if every one has passed."""
    return [
        *_on_scores(gates, trial, champion, gain),
        *_on_photos(gates, trial, champion),
        _on_time(gates, trial, champion),
    ]


def _on_scores(
    gates: Gates, trial: TrialResult, champion: TrialResult, gain: Gain
) -> Iterator[Reason]:
    worst, loss = _largest_loss(trial.dataset_scores, champion.dataset_scores)
    yield Reason(
        gate="min_gain",
        passed=gain.mean >= gates.min_gain,
        words=f"Score {trial.score:.2f} against {champion.score:.2f}: {gain.mean:+.2f}, wanted at"
        f" least {gates.min_gain:+.2f}.",
    )
    yield Reason(
        gate="significant",
        passed=not gates.significant or gain.low > 0,
        words=f"The gain lies between {gain.low:+.2f} and {gain.high:+.2f}"
        + (", wanted above zero." if gates.significant else "; this gate is off."),
    )
    yield Reason(
        gate="max_dataset_loss",
        passed=loss <= gates.max_dataset_loss,
        words=f"Worst dataset: {worst}, {0.0 - loss:+.2f}; a loss of {gates.max_dataset_loss:.2f}"
        " is tolerated.",
    )


def _on_photos(gates: Gates, trial: TrialResult, champion: TrialResult) -> Iterator[Reason]:
    yield Reason(
        gate="min_registration",
        passed=trial.registration >= gates.min_registration,
        words=f"{trial.registration:.1%} of the photos treated rightly, wanted at least"
        f" {gates.min_registration:.1%}.",
    )
    yield Reason(
        gate="max_registration_loss",
        passed=champion.registration - trial.registration <= gates.max_registration_loss,
        words=f"{trial.registration:.1%} against {champion.registration:.1%} of the photos; a loss"
        f" of {gates.max_registration_loss:.1%} is tolerated.",
    )


def _on_time(gates: Gates, trial: TrialResult, champion: TrialResult) -> Reason:
    ratio = _ratio(trial.seconds_per_photo, champion.seconds_per_photo)
    return Reason(
        gate="max_time_ratio",
        passed=ratio <= gates.max_time_ratio,
        words=f"{trial.seconds_per_photo:.2f} s per photo against"
        f" {champion.seconds_per_photo:.2f} s: {ratio:.2f} times, at most"
        f" {gates.max_time_ratio:.2f} wanted.",
    )


def _largest_loss(trial: Mapping[str, float], champion: Mapping[str, float]) -> tuple[str, float]:
    losses = {name: score - trial.get(name, 0.0) for name, score in champion.items()}
    worst = max(sorted(losses), key=lambda name: losses[name])
    return worst, losses[worst]


def _ratio(seconds: float, other: float) -> float:
    return seconds / other if other > 0 else float("inf")


def all_passed(reasons: Sequence[Reason]) -> bool:
    return bool(reasons) and all(reason.passed for reason in reasons)
