"""From measures to words: what is unusual about an upload, and what has changed over many jobs.

The unit is the scene, or the upload, never the photo: forty photos of one place in one hour say no
more about what is usual than one does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

import numpy as np

from drift.baselines import Measures, bin_shares
from drift.documents import (
    ODD,
    BaselineDocument,
    FeatureVerdict,
    UploadDocument,
    Verdict,
    WindowDocument,
    worst,
)
from drift.features import FEATURES, OUTCOMES, PHOTO_FEATURES, Direction, Feature
from drift.rules import RULES, DriftRules
from drift.statistics import (
    adjusted,
    discrepancy,
    kolmogorov_smirnov,
    moderated_deviation,
    new_draw_p,
    stability_index,
    wasserstein,
)
from drift.words import quantity, share_beyond
from scene3d.engine.types import FloatArray

NO_BASELINE = "There is no baseline to compare with yet."
LIKE_BASELINE = "These photos look like those this service was tuned on."
LIKE_USUAL = "Photos come as usual."
TOO_FEW_JOBS = "Too few jobs to say."


@dataclass(frozen=True, kw_only=True)
class JobMeasures:
    """What a window needs of one job."""

    photos: Sequence[Measures]
    medians: Mapping[str, float]
    """The median photo's value of each feature; features of the result among them."""
    outcomes: Mapping[str, float]
    """By OUTCOMES; those that the job tells."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One comparison, before it is known how many there are."""

    name: str
    spec: Feature
    value: float
    usual: float
    effect: float
    z: float
    p: float
    stability_index: float | None = None

    @property
    def direction(self) -> Direction:
        return "low" if self.z < 0 else "high"


@dataclass(frozen=True, kw_only=True)
class _Unknown:
    name: str
    spec: Feature
    words: str
    value: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Usual:
    """How scenes, or jobs, usually differ, on the feature's scale."""

    values: FloatArray
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float], spec: Feature) -> "_Usual":
        """Of two at least."""
        known = _scaled(values, spec)
        deviation = max(float(known.std(ddof=1)), spec.least_spread)
        return cls(values=known, mean=float(known.mean()), deviation=deviation)


def judge_upload(
    photos: Mapping[int, Measures], baseline: BaselineDocument | None, rules: DriftRules = RULES
) -> UploadDocument:
    """What is unusual about photos, by their index in the upload, beside the baseline's scenes."""
    if baseline is None:
        return UploadDocument(
            status="unknown",
            words=NO_BASELINE,
            baseline_version=None,
            num_photos=len(photos),
            features=[],
        )
    compared = [
        _compare_upload(name, _told(photos, name), baseline, rules)
        for name, spec in PHOTO_FEATURES.items()
        if spec.harm
    ]

    def tell(found: _Found, p: float, verdict: Verdict) -> FeatureVerdict:
        if found.direction not in found.spec.harm:
            verdict = "ok"
        is_odd = verdict != "ok"
        words = _beside_photos(found, baseline) if is_odd else ""
        causes = _causes(found, _told(photos, found.name), rules) if is_odd else []
        return _verdict(found, p, verdict, words).model_copy(update={"photos": causes})

    bands = (rules.upload_warning, rules.upload_critical)
    features = _judge(compared, bands, rules.upload_alpha, tell)
    status = worst([feature.verdict for feature in features])
    return UploadDocument(
        status=status,
        words=_headline(features, LIKE_BASELINE) if status != "unknown" else features[0].words,
        baseline_version=baseline.baseline_version,
        num_photos=len(photos),
        features=features,
    )


def judge_window(
    jobs: Sequence[JobMeasures],
    baseline: BaselineDocument | None,
    reference: Sequence[JobMeasures],
    rng: np.random.Generator,
    rules: DriftRules = RULES,
) -> WindowDocument:
    """What has changed: photos beside the baseline, outcomes beside those of the jobs before."""
    bands = (rules.window_warning, rules.window_critical)
    features: list[FeatureVerdict] = []
    if baseline is not None:
        compared = [_compare_window(name, jobs, baseline, rules) for name in FEATURES]
        features = _judge(compared, bands, rules.alpha, _tell_change)
    outcomes = _judge(
        [_compare_outcome(name, jobs, reference, rules) for name in OUTCOMES],
        bands,
        rules.alpha,
        _tell_harm,
    )
    status = worst([feature.verdict for feature in features])
    unknown = NO_BASELINE if baseline is None else TOO_FEW_JOBS
    mmd = _all_together(jobs, baseline, rng, rules) if baseline is not None else None
    return WindowDocument(
        status=status,
        words=_headline(features, LIKE_USUAL) if status != "unknown" else unknown,
        performance=worst([outcome.verdict for outcome in outcomes]),
        features=features,
        outcomes=outcomes,
        mmd2=mmd[0] if mmd else None,
        mmd_p=mmd[1] if mmd else None,
    )


def persistent(latest_last: Sequence[Verdict], rules: DriftRules = RULES) -> Verdict:
    """What held in each of the last `persistence` windows: one good window ends an alert."""
    recent = list(latest_last)[-rules.persistence :]
    if not recent or recent[-1] == "unknown":
        return "unknown"
    if len(recent) < rules.persistence or not {"ok", "unknown"}.isdisjoint(recent):
        return "ok"
    return "warning" if "warning" in recent else "critical"


def _compare_upload(
    name: str, told: Mapping[int, float], baseline: BaselineDocument, rules: DriftRules
) -> _Found | _Unknown:
    spec = PHOTO_FEATURES[name]
    scenes = _scene_values(baseline, name)
    if len(scenes) < rules.min_scenes or name not in baseline.features:
        return _Unknown(name=name, spec=spec, words="The baseline says too little of this.")
    if len(told) < rules.min_photos:
        return _Unknown(name=name, spec=spec, words="Too few photos tell this.")
    usual = _Usual.of(scenes, spec)
    known, prior = len(scenes) - 1, rules.prior_scenes
    deviation = moderated_deviation(usual.deviation, known, spec.typical_spread, prior)
    value = median(told.values())
    place = float(_scaled([value], spec)[0])
    apart = (place - usual.mean) / deviation
    return _Found(
        name=name,
        spec=spec,
        value=value,
        usual=baseline.features[name].percentiles[50],
        effect=abs(apart),
        z=apart / math.sqrt(1 + 1 / len(scenes)),
        p=new_draw_p(place, usual.mean, deviation, len(scenes), prior),
    )


def _compare_window(
    name: str, jobs: Sequence[JobMeasures], baseline: BaselineDocument, rules: DriftRules
) -> _Found | _Unknown:
    spec = FEATURES[name]
    scenes = _scene_values(baseline, name)
    if len(scenes) < rules.min_scenes:
        return _Unknown(name=name, spec=spec, words="The baseline says too little of this.")
    values = _finite([job.medians[name] for job in jobs if name in job.medians])
    if len(values) < rules.min_jobs:
        return _Unknown(name=name, spec=spec, words="Too few jobs tell this.")
    photos = _finite([photo.get(name) for job in jobs for photo in job.photos])
    known = baseline.features.get(name)
    index = None
    if known is not None and photos:
        bins = known.quantile_bins
        index = stability_index(bins.shares, bin_shares(np.array(photos), bins.edges))
    return _compare(name, spec, values, scenes, index)


def _compare_outcome(
    name: str, jobs: Sequence[JobMeasures], reference: Sequence[JobMeasures], rules: DriftRules
) -> _Found | _Unknown:
    spec = OUTCOMES[name]
    values = _finite([job.outcomes[name] for job in jobs if name in job.outcomes])
    before = _finite([job.outcomes[name] for job in reference if name in job.outcomes])
    if min(len(values), len(before)) < rules.min_jobs:
        value = fmean(values) if values else None
        return _Unknown(name=name, spec=spec, words="Too few jobs to compare.", value=value)
    found = _compare(name, spec, values, before)
    # Of shares and failures, which one job has wholly or not at all, the middle job says nothing.
    return replace(found, value=fmean(values), usual=fmean(before))


def _compare(
    name: str,
    spec: Feature,
    values: Sequence[float],
    usual_values: Sequence[float],
    index: float | None = None,
) -> _Found:
    usual = _Usual.of(usual_values, spec)
    scaled = _scaled(values, spec)
    error = usual.deviation * math.sqrt(1 / len(scaled) + 1 / len(usual.values))
    return _Found(
        name=name,
        spec=spec,
        value=median(values),
        usual=median(usual_values),
        effect=wasserstein(scaled, usual.values) / usual.deviation,
        z=(float(scaled.mean()) - usual.mean) / error,
        p=kolmogorov_smirnov(scaled, usual.values)[1],
        stability_index=index,
    )


_Tell = Callable[[_Found, float, Verdict], FeatureVerdict]


def _judge(
    compared: Sequence[_Found | _Unknown],
    bands: tuple[float, float],
    alpha: float,
    tell: _Tell,
) -> list[FeatureVerdict]:
    """In their order. Effect says how bad it is, the corrected p whether to believe it."""
    p_values = iter(adjusted([found.p for found in compared if isinstance(found, _Found)]))
    judged = []
    for found in compared:
        if isinstance(found, _Unknown):
            judged.append(
                FeatureVerdict(
                    feature=found.name,
                    title=found.spec.title,
                    verdict="unknown",
                    words=found.words,
                    value=found.value,
                )
            )
            continue
        p = next(p_values)
        level = sum(found.effect >= band for band in bands) if p < alpha else 0
        levels: list[Verdict] = ["ok", "warning", "critical"]
        judged.append(tell(found, p, levels[level]))
    return judged


def _verdict(found: _Found, p: float, verdict: Verdict, words: str) -> FeatureVerdict:
    return FeatureVerdict(
        feature=found.name,
        title=found.spec.title,
        verdict=verdict,
        words=words,
        value=found.value,
        usual=found.usual,
        effect=found.effect,
        z=found.z,
        p=p,
        stability_index=found.stability_index,
    )


def _tell_change(found: _Found, p: float, verdict: Verdict) -> FeatureVerdict:
    return _verdict(found, p, verdict, _beside_usual(found) if verdict != "ok" else "")


def _tell_harm(found: _Found, p: float, verdict: Verdict) -> FeatureVerdict:
    return _tell_change(found, p, verdict if found.direction in found.spec.harm else "ok")


def _all_together(
    jobs: Sequence[JobMeasures],
    baseline: BaselineDocument,
    rng: np.random.Generator,
    rules: DriftRules,
) -> tuple[float, float] | None:
    """MMD² and its p over what every scene and nearly every job tells of its photos."""
    names = [
        name
        for name in PHOTO_FEATURES
        if baseline.scenes and all(name in scene for scene in baseline.scenes)
    ]
    told = [job.medians for job in jobs if all(name in job.medians for name in names)]
    if not names or len(told) < rules.min_jobs or len(baseline.scenes) < rules.min_scenes:
        return None
    usual = [_Usual.of(_scene_values(baseline, n), PHOTO_FEATURES[n]) for n in names]

    def rows(medians: Sequence[Mapping[str, float]]) -> FloatArray:
        return np.column_stack(
            [
                _scaled([m[name] for m in medians], PHOTO_FEATURES[name]) / known.deviation
                for name, known in zip(names, usual, strict=True)
            ]
        )

    found = discrepancy(rows(told), rows(baseline.scenes), rng)
    return found.mmd2, found.p


def _causes(found: _Found, told: Mapping[int, float], rules: DriftRules) -> list[int]:
    """Photos that are further off than usual, the furthest first."""
    sign = -1 if found.direction == "low" else 1
    beyond = [index for index, value in told.items() if sign * (value - found.usual) > 0]
    return sorted(beyond, key=lambda index: (-sign * told[index], index))[: rules.max_causes]


def _headline(features: Sequence[FeatureVerdict], fine: str) -> str:
    """The worst of them."""
    named = leading([f for f in features if f.verdict in ODD])
    return named.words if named is not None else fine


def leading(odd: Sequence[FeatureVerdict]) -> FeatureVerdict | None:
    """The furthest from usual that does not just follow another one; None for none."""
    leaning = {f.feature: (f.z or 0) > 0 for f in odd}
    causes = [f for f in odd if leaning.get(_follows(f.feature) or "") is not leaning[f.feature]]
    return max(causes, key=lambda f: f.effect or 0.0, default=None)


def _follows(name: str) -> str | None:
    spec = FEATURES.get(name)
    return spec.follows if spec is not None else None


def _beside_photos(found: _Found, baseline: BaselineDocument) -> str:
    share = share_beyond(found.value, baseline.features[found.name], found.direction)
    return f"{_adjective(found)} than {share} % of the photos this service was tuned on."


def _beside_usual(found: _Found) -> str:
    value, usual = quantity(found.value, found.spec), quantity(found.usual, found.spec)
    return f"{_adjective(found)} than usual: {value} instead of {usual}."


def _adjective(found: _Found) -> str:
    return found.spec.low if found.direction == "low" else found.spec.high


def _told(photos: Mapping[int, Measures], name: str) -> dict[int, float]:
    return {
        index: value
        for index, photo in photos.items()
        if (value := photo.get(name)) is not None and math.isfinite(value)
    }


def _scene_values(baseline: BaselineDocument, name: str) -> list[float]:
    return _finite([scene.get(name) for scene in baseline.scenes])


def _finite(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _scaled(values: Sequence[float], spec: Feature) -> FloatArray:
    known = np.asarray(values, np.float64)
    scaled: FloatArray = np.log(np.maximum(known, spec.smallest)) if spec.is_ratio else known
    return scaled
