"""PROMOTION_POLICY=auto: the best that has passed every gate is served without anybody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from mlops import services
from mlops.models import AuditEntry, Candidate, Configuration
from scene3d.engine.public import PRESETS
from tests.mlops.serving.builders import (
    REFUSED,
    WHY,
    everything,
    make_candidate,
    make_experiment,
    served_seeds,
    tuned,
)

pytestmark = pytest.mark.django_db


def test_the_best_that_has_passed_is_promoted() -> None:
    experiment = make_experiment("Sunday")
    make_candidate(experiment, seed=1, score=61.0)
    best = make_candidate(experiment, seed=2, score=64.0)
    make_candidate(experiment, seed=3, score=63.0)
    make_candidate(experiment, seed=4, score=99.0, reasons=REFUSED)
    [configuration] = services.after_experiment(experiment)
    assert (configuration.candidate, served_seeds()) == (best, {"standard": 2})
    assert (configuration.created_by, configuration.created_by_name) == (None, "policy")
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.who_name, entry.act) == (None, "policy", "promote")
    assert entry.reason == "The best of Sunday: every gate has passed."
    states = dict(Candidate.objects.values_list("trial", "state"))
    assert states == {
        "standard-1": "waiting",
        "standard-2": "promoted",
        "standard-3": "waiting",
        "standard-4": "refused",
    }


def test_each_preset_has_its_best() -> None:
    experiment = make_experiment()
    make_candidate(experiment, preset="standard", seed=1, score=70.0)
    make_candidate(experiment, preset="quick", seed=2, score=50.0)
    make_candidate(experiment, preset="quick", seed=3, score=55.0)
    assert [row.version for row in services.after_experiment(experiment)] == [1, 2]
    assert served_seeds() == {"standard": 1, "quick": 3}


def test_a_second_time_it_does_nothing() -> None:
    experiment = make_experiment()
    make_candidate(experiment, seed=1, score=61.0)
    make_candidate(experiment, seed=2, score=64.0)
    services.after_experiment(experiment)
    before = everything()
    assert services.after_experiment(experiment) == []
    assert everything() == before


def test_when_the_best_is_rejected_the_second_best_waits_for_a_person(olga: User) -> None:
    experiment = make_experiment()
    make_candidate(experiment, seed=1, score=61.0)
    services.reject(make_candidate(experiment, seed=2, score=64.0), olga, WHY)
    assert services.after_experiment(experiment) == []


def test_nothing_that_was_compared_with_another_champion(caplog: pytest.LogCaptureFixture) -> None:
    """Two experiments began together: the second one's gates never saw what the first found."""
    began = timezone.now() - timedelta(hours=2)
    first, second = (make_experiment(name, created_at=began) for name in ("First", "Second"))
    make_candidate(first, seed=1)
    late = make_candidate(second, seed=2)
    other = make_candidate(second, preset="quick", seed=3)
    assert len(services.after_experiment(first)) == 1
    assert [row.candidate for row in services.after_experiment(second)] == [other]
    assert served_seeds() == {"standard": 1, "quick": 3}
    late.refresh_from_db()
    assert late.state == "waiting"
    assert "Second: standard-2 waits for a person: another champion" in caplog.text


def test_what_was_restored_meanwhile_is_the_same_champion(olga: User) -> None:
    services.promote(make_candidate(seed=1), olga, WHY)
    experiment = make_experiment()
    make_candidate(experiment, seed=2)
    services.promote(make_candidate(seed=3), olga, WHY)
    services.roll_back(1, olga, WHY)
    assert len(services.after_experiment(experiment)) == 1


def test_an_experiment_that_is_not_done_promotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    experiment = make_experiment(state="running")
    make_candidate(experiment)
    assert services.after_experiment(experiment) == []
    assert "The experiment of this candidate is not done: running." in caplog.text
    assert not Configuration.objects.exists()


def test_an_experiment_without_candidates_promotes_nothing() -> None:
    assert services.after_experiment(make_experiment()) == []


def test_what_the_policy_left_can_be_promoted_by_one_person(olga: User) -> None:
    experiment = make_experiment()
    left = make_candidate(experiment, seed=1, score=61.0)
    make_candidate(experiment, seed=2, score=64.0)
    services.after_experiment(experiment)
    services.promote(left, olga, WHY)
    assert served_seeds() == {"standard": 1}


def test_what_is_served_already_is_not_promoted_again() -> None:
    first = make_experiment()
    make_candidate(first, seed=2, score=64.0)
    services.after_experiment(first)
    again = make_experiment(spec={"champion": PRESETS["standard"].options.to_dict()})
    winner = make_candidate(again, seed=2, score=64.0)
    other = make_candidate(again, seed=3, score=63.0)
    assert (winner.state, other.state) == ("served", "waiting")
    assert services.after_experiment(again) == []
    assert Configuration.objects.count() == 1


def test_nothing_is_promoted_over_what_it_was_not_compared_with() -> None:
    """Its own experiment says whom it has beaten; that may be neither served now nor then."""
    first = make_experiment()
    make_candidate(first, seed=2, score=64.0)
    services.after_experiment(first)
    again = make_experiment(spec={"champion": PRESETS["standard"].options.to_dict()})
    make_candidate(again, seed=2, score=64.0, reasons=REFUSED)
    other = make_candidate(again, seed=3, score=63.0)
    assert services.after_experiment(again) == []
    other.refresh_from_db()
    assert other.state == "waiting"
    against_it = make_experiment(spec={"champion": tuned(seed=2).to_dict()})
    better = make_candidate(against_it, seed=4, score=65.0)
    [configuration] = services.after_experiment(against_it)
    assert configuration.candidate == better
