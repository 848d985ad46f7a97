"""Which finished jobs a challenger is tried on, and with which options."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from jobs.files import delete_tree
from jobs.models import Preset
from jobs.presets import choose_preset, effective_options
from jobs.shadow_sample import pairings, ranked
from jobs.states import JobState
from mlops import services as serving
from mlops.models import Candidate
from mlops.rules import SHELL
from tests.jobs.builders import make_ended, make_job
from tests.jobs.shadowing import challenger, done
from tests.mlops.serving.builders import WHY, make_candidate, tuned

__all__ = ["challenger"]
pytestmark = pytest.mark.django_db


def jobs_of(candidate: Candidate, **changes: Any) -> set[UUID]:
    chosen = pairings(candidate, **({"size": 100, "seed": 0} | changes))
    return {pairing.job.pk for pairing in chosen}


def test_only_what_can_be_compared_is_chosen(alice: User, challenger: Candidate) -> None:
    chosen = done(alice)
    done(alice, preset="quick")
    done(alice, options_fingerprint="f" * 16)  # with wishes, or served before
    done(alice, partial_reason="time_limit")
    make_ended(alice, JobState.FAILED)
    make_ended(alice, JobState.CANCELLED)
    make_job(alice)
    assert jobs_of(challenger) == {chosen.pk}


def test_photos_that_are_gone_are_no_sample(alice: User, challenger: Candidate) -> None:
    gone, kept = done(alice), done(alice)
    delete_tree(f"{gone.pk}/photos")
    assert jobs_of(challenger, size=1) == {kept.pk}


def test_what_is_served_counts(alice: User, challenger: Candidate) -> None:
    """A job of before the promotion is no judge of what is served after it."""
    before = done(alice)
    serving.promote(make_candidate(seed=8), SHELL, WHY)
    after = done(alice)
    assert jobs_of(challenger) == {after.pk}
    serving.roll_back(0, SHELL, WHY)
    assert jobs_of(challenger) == {before.pk}


def test_a_challenger_that_is_served_has_nothing_to_compare(alice: User, db: None) -> None:
    done(alice)
    same = make_candidate(options=effective_options(choose_preset("standard"), {}))
    assert jobs_of(same) == set()


def test_presets_of_this_server_keep_their_overrides(alice: User, challenger: Candidate) -> None:
    Preset.objects.create(
        name="own", base="standard", overrides={"features": {"max_keypoints": 777}}
    )
    job = done(alice, preset="own")
    [pairing] = pairings(challenger, size=5, seed=0)
    assert pairing.job == job
    assert (pairing.options.features.max_keypoints, pairing.options.seed) == (777, 7)
    assert pairing.options.cloud == effective_options(choose_preset("own"), {}).cloud


def test_overrides_that_do_not_fit_are_told(
    alice: User, challenger: Candidate, caplog: pytest.LogCaptureFixture
) -> None:
    learned = {"features": {"extractor": "aliked-n16"}, "matching": {"matcher": "lightglue"}}
    Candidate.objects.update(options=tuned().merged(learned).to_dict())
    Preset.objects.filter(name="standard").update(overrides={"features": {"extractor": "sift"}})
    challenger.refresh_from_db()
    done(alice)
    assert jobs_of(challenger) == set()
    assert "is not tried on preset" in caplog.text


@given(
    jobs=st.lists(st.uuids(), unique=True, max_size=20),
    seed=st.integers(),
    others=st.lists(st.uuids(), max_size=5),
)
def test_the_order_hangs_on_the_seed_alone(jobs: list[UUID], seed: int, others: list[UUID]) -> None:
    order = ranked(jobs, seed)
    assert ranked(jobs[::-1], seed) == order
    assert sorted(order) == sorted(jobs)
    more = ranked([*jobs, *(set(others) - set(jobs))], seed)
    assert [job for job in more if job in jobs] == order


def test_another_seed_is_another_order() -> None:
    jobs = [UUID(int=number) for number in range(50)]
    assert len({tuple(ranked(jobs, seed)) for seed in range(10)}) == 10
