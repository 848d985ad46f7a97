from dataclasses import replace

import pytest

from mlops.gates import Gain, Gates, TrialResult, all_passed, decide

CHAMPION = TrialResult(
    name="champion",
    score=60.0,
    dataset_scores={"castle": 50.0, "facades": 70.0},
    registration=0.9,
    seconds_per_photo=2.0,
)
BETTER = TrialResult(
    name="better",
    score=64.0,
    dataset_scores={"castle": 60.0, "facades": 68.0},
    registration=0.95,
    seconds_per_photo=2.5,
)
GAIN = Gain(mean=4.0, low=0.5, high=8.0)


def refusals(trial: TrialResult, gain: Gain = GAIN, gates: Gates | None = None) -> list[str]:
    reasons = decide(gates or Gates(), trial, CHAMPION, gain)
    assert len(reasons) == 6
    return [reason.gate for reason in reasons if not reason.passed]


def test_a_better_trial_passes_every_gate() -> None:
    assert refusals(BETTER) == []
    assert all_passed(decide(Gates(), BETTER, CHAMPION, GAIN))
    assert not all_passed([])


@pytest.mark.parametrize(
    ("trial", "gain", "gate"),
    [
        (BETTER, replace(GAIN, mean=0.4), "min_gain"),
        (BETTER, replace(GAIN, low=0.0), "significant"),
        (
            replace(BETTER, dataset_scores={"castle": 60.0, "facades": 67.9}),
            GAIN,
            "max_dataset_loss",
        ),
        (replace(BETTER, dataset_scores={"castle": 60.0}), GAIN, "max_dataset_loss"),
        (replace(BETTER, registration=0.87), GAIN, "max_registration_loss"),
        (replace(BETTER, seconds_per_photo=3.1), GAIN, "max_time_ratio"),
    ],
)
def test_each_gate_refuses_for_its_own_reason(trial: TrialResult, gain: Gain, gate: str) -> None:
    assert refusals(trial, gain) == [gate]


def test_a_bad_trial_gets_every_reason() -> None:
    bad = TrialResult(
        name="bad",
        score=10.0,
        dataset_scores={"castle": 0.0, "facades": 20.0},
        registration=0.3,
        seconds_per_photo=9.0,
    )
    assert refusals(bad, Gain(mean=-50.0, low=-60.0, high=-40.0)) == [
        "min_gain", "significant", "max_dataset_loss", "min_registration", "max_registration_loss",
        "max_time_ratio",
    ]  # fmt: skip


def test_the_limits_themselves_pass() -> None:
    gates = Gates(min_gain=4.0, max_dataset_loss=2.0, max_time_ratio=1.25)
    assert refusals(BETTER, gates=gates) == []


def test_a_gate_can_be_off() -> None:
    assert refusals(BETTER, replace(GAIN, low=-9.0), Gates(significant=False)) == []


def test_reasons_say_what_was_wanted() -> None:
    words = {reason.gate: reason.words for reason in decide(Gates(), BETTER, CHAMPION, GAIN)}
    assert words["min_gain"] == "Score 64.00 against 60.00: +4.00, wanted at least +0.50."
    assert words["max_dataset_loss"] == (
        "Worst dataset: facades, -2.00; a loss of 2.00 is tolerated."
    )
    assert words["max_time_ratio"] == (
        "2.50 s per photo against 2.00 s: 1.25 times, at most 1.50 wanted."
    )
