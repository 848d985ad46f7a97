"""Last stage: which trials may be served, and every reason why or why not."""

from pathlib import Path

from drift.documents import Document
from mlops.gates import Gain, Gates, TrialResult, all_passed, decide
from mlops.outputs import whole_output, write_document
from mlops.stages.evaluate import METRICS_NAME, Evaluation, TrialMetrics
from mlops.trials import CHAMPION

DECISION_NAME = "decision.json"


class GateReason(Document):
    """One gate's word."""

    gate: str
    passed: bool
    words: str


class TrialDecision(Document):
    """All gates of one trial."""

    trial: str
    passed: bool
    reasons: list[GateReason]


class Decision(Document):
    """Of all trials but the champion."""

    best: str | None
    """Of those that passed, the one with the highest score."""
    trials: list[TrialDecision]


def decide_all(evaluated: Path, output: Path, gates: Gates) -> Decision:
    """Write DECISION_NAME.

    Args:
        evaluated: the output of `evaluate`.
    """
    evaluation = Evaluation.model_validate_json((evaluated / METRICS_NAME).read_text())
    metrics = {trial.trial: trial for trial in evaluation.trials}
    champion = _result(metrics[CHAMPION])
    decisions = [
        _decision(trial, champion, gates) for name, trial in metrics.items() if name != CHAMPION
    ]
    passed = [decision.trial for decision in decisions if decision.passed]
    best = max(passed, key=lambda name: metrics[name].score, default=None)
    document = Decision(best=best, trials=decisions)
    with whole_output(output) as folder:
        write_document(document, folder / DECISION_NAME)
    return document


def _decision(trial: TrialMetrics, champion: TrialResult, gates: Gates) -> TrialDecision:
    gain = Gain(mean=trial.score - champion.score, low=trial.gain.low, high=trial.gain.high)
    reasons = decide(gates, _result(trial), champion, gain)
    return TrialDecision(
        trial=trial.trial,
        passed=all_passed(reasons),
        reasons=[
            GateReason(gate=reason.gate, passed=reason.passed, words=reason.words)
            for reason in reasons
        ],
    )


def _result(metrics: TrialMetrics) -> TrialResult:
    return TrialResult(
        name=metrics.trial,
        score=metrics.score,
        dataset_scores=metrics.per_dataset,
        registration=metrics.registration,
        seconds_per_photo=metrics.seconds_per_photo,
    )
