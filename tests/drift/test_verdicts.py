"""What is unusual, what has changed, and what nobody can say."""

from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift.documents import FeatureVerdict, Verdict, WindowDocument
from drift.features import PHOTO_FEATURES
from drift.making import baseline_of
from drift.verdicts import (
    LIKE_BASELINE,
    NO_BASELINE,
    JobMeasures,
    judge_upload,
    judge_window,
    leading,
    persistent,
)
from scene3d.engine.seeding import generator
from tests.drift.builders import LEVELS, job_of, measures, scene, usual_baseline

BASELINE = usual_baseline()


def named(features: list[FeatureVerdict], name: str) -> FeatureVerdict:
    return next(feature for feature in features if feature.feature == name)


def window(jobs: list[JobMeasures], reference: list[JobMeasures] | None = None) -> WindowDocument:
    return judge_window(jobs, BASELINE, reference or [], generator(0, "test"))


def test_usual_photos_are_fine() -> None:
    found = judge_upload(dict(enumerate(scene(112.0))), BASELINE)
    assert (found.status, found.words) == ("ok", LIKE_BASELINE)
    assert all(feature.words == "" for feature in found.features)


def test_dark_photos_are_told_in_words_with_the_darkest_first() -> None:
    found = judge_upload({7: measures(30), 3: measures(20), 9: measures(25)}, BASELINE)
    assert found.status == "critical"
    assert found.words == "Darker than 99 % of the photos this service was tuned on."
    dark = named(found.features, "brightness")
    assert (dark.photos, dark.value, dark.verdict) == ([3, 9, 7], 25, "critical")
    assert dark.effect == pytest.approx(8.0, abs=0.1)
    assert dark.z is not None
    assert dark.z < 0
    assert {f.feature for f in found.features if f.verdict == "critical"} == {"brightness"}


@pytest.mark.parametrize(
    ("level", "verdict"), [(112.0, "ok"), (50.0, "critical"), (20.0, "critical")]
)
def test_few_scenes_and_what_is_known_of_all_tell_dark_photos(
    level: float, verdict: Verdict
) -> None:
    five = baseline_of([scene(usual) for usual in (156.0, 130.0, 97.0, 95.0, 101.0)])
    assert (
        named(judge_upload(dict(enumerate(scene(level))), five).features, "brightness").verdict
        == verdict
    )


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"blur_px": 2.5}, "critical"), ({"blur_px": 0.3}, "ok"),
        ({"long_side_px": 500.0}, "critical"), ({"long_side_px": 6000.0}, "ok"),
        ({"saturation": 0.0}, "ok"), ({"has_focal": 0.0, "focal_35mm": None}, "ok"),
        ({"focal_35mm": 200.0}, "critical"),
    ],
)  # fmt: skip
def test_owners_hear_of_what_harms_alone(changes: dict[str, float], verdict: Verdict) -> None:
    photos = dict(enumerate(scene(112.0, **changes)))
    assert judge_upload(photos, BASELINE).status == verdict


def test_one_odd_photo_among_many_is_no_odd_upload() -> None:
    photos = {**dict(enumerate(scene(112.0))), 99: measures(3.0)}
    assert judge_upload(photos, BASELINE).status == "ok"


@pytest.mark.parametrize("num_photos", [0, 1, 2])
def test_too_few_photos_say_nothing(num_photos: int) -> None:
    found = judge_upload(dict(enumerate(scene(5.0, num_photos))), BASELINE)
    assert (found.status, found.num_photos) == ("unknown", num_photos)
    assert "few photos" in found.words


def test_without_a_baseline_nothing_is_said() -> None:
    found = judge_upload(dict(enumerate(scene(5.0))), None)
    assert (found.status, found.words, found.features) == ("unknown", NO_BASELINE, [])


def test_three_scenes_are_no_standard() -> None:
    few = baseline_of([scene(level) for level in LEVELS[:3]])
    assert judge_upload(dict(enumerate(scene(5.0))), few).status == "unknown"
    assert judge_window(
        [job_of(scene(5.0))] * 20, few, [], generator(0, "test")
    ).status == "unknown"  # fmt: skip


def test_what_is_no_number_is_left_out() -> None:
    odd = [measures(nan), measures(inf), measures(-inf), *scene(112.0)]
    found = named(judge_upload(dict(enumerate(odd)), BASELINE).features, "brightness")
    assert (found.verdict, found.value) == ("ok", 112.0)
    silent = dict.fromkeys(range(5), dict.fromkeys(PHOTO_FEATURES, nan))
    assert judge_upload(silent, BASELINE).status == "unknown"


def test_constant_features_are_compared_all_the_same() -> None:
    """Every scene of the baseline has 1600 pixels; a tenth more or less is not odd."""
    for side, verdict in ((1600.0, "ok"), (1500.0, "ok"), (800.0, "critical")):
        photos = dict(enumerate(scene(112.0, long_side_px=side)))
        assert judge_upload(photos, BASELINE).status == verdict


def test_ten_thousand_photos() -> None:
    photos = {index: measures(100 + index % 30) for index in range(10_000)}
    assert judge_upload(photos, BASELINE).status == "ok"
    dark = {index: measures(10 + index % 3) for index in range(10_000)}
    found = named(judge_upload(dark, BASELINE).features, "brightness")
    assert (found.verdict, len(found.photos)) == ("critical", 6)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries({name: st.none() | st.floats(width=32) for name in PHOTO_FEATURES}),
        max_size=8,
    )
)
def test_nothing_breaks_it(photos: list[dict[str, float | None]]) -> None:
    found = judge_upload(dict(enumerate(photos)), BASELINE)
    assert found.status in {"ok", "warning", "critical", "unknown"}
    assert all(index < len(photos) for feature in found.features for index in feature.photos)


def test_a_usual_window_is_fine() -> None:
    found = window([job_of(scene(level + 1)) for level in LEVELS * 2])
    assert found.status == "ok"
    assert found.mmd2 is not None
    assert abs(found.mmd2) < 0.1
    assert found.mmd_p is not None
    assert found.mmd_p > 0.1


def test_a_dark_window_is_named() -> None:
    found = window([job_of(scene(0.6 * level)) for level in LEVELS * 2])
    dark = named(found.features, "brightness")
    assert (found.status, dark.verdict) == ("critical", "critical")
    assert found.words == dark.words == "Darker than usual: 70 of 255 instead of 118 of 255."
    assert dark.z is not None
    assert dark.z < -3
    assert dark.stability_index is not None
    assert dark.stability_index > 0.25
    assert found.mmd_p is not None
    assert found.mmd_p < 0.01


def test_one_job_again_and_again_is_not_many_uploads_of_evidence_by_its_photos() -> None:
    """Nine jobs are too few, however many photos each of them has."""
    assert window([job_of(scene(40.0, 500))] * 9).status == "unknown"


def test_a_small_change_is_no_drift_however_sure() -> None:
    found = window([job_of(scene(level + 6)) for level in LEVELS * 10])
    assert found.status == "ok"


def test_outcomes_are_compared_with_the_jobs_before() -> None:
    before = [job_of([], failure_ratio=0.0, seconds_per_photo=5 + i / 10) for i in range(40)] or []
    worse = [job_of([], failure_ratio=i % 2, seconds_per_photo=5 + i / 10) for i in range(20)]
    found = window(worse, before)
    failures = named(found.outcomes, "failure_ratio")
    assert (found.performance, failures.verdict, failures.value) == ("critical", "critical", 0.5)
    quicker = [job_of([], failure_ratio=0.0, seconds_per_photo=1.0) for _ in range(20)]
    assert window(quicker, before).performance == "ok"
    assert window(worse, before[:5]).performance == "unknown"


def test_what_follows_is_not_named() -> None:
    def odd(name: str, z: float, effect: float) -> FeatureVerdict:
        return FeatureVerdict(
            feature=name, title=name, verdict="critical", words=name, z=z, effect=effect
        )

    pale, flat, vivid = odd("saturation", -5, 9), odd("contrast", -5, 3), odd("saturation", 5, 9)
    assert leading([pale, flat]) == flat
    assert leading([vivid, flat]) == vivid
    assert leading([pale]) == pale
    assert leading([]) is None


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], "unknown"),
        (["critical"], "ok"),
        (["critical", "critical"], "critical"),
        (["warning", "critical"], "warning"),
        (["critical", "critical", "ok"], "ok"),
        (["critical", "ok", "critical"], "ok"),
        (["critical", "unknown"], "unknown"),
        (["unknown", "critical"], "ok"),
    ],
)
def test_an_alert_takes_two_windows_and_ends_with_one(
    history: list[Verdict], expected: Verdict
) -> None:
    assert persistent(history) == expected
