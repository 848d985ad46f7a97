"""Photos in, models and clouds out: the stages in order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from threading import Thread
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.attempts import NOTHING, Attempts, Mapped
from scene3d.engine.checking import MIN_NUM_PHOTOS, prepare_photos
from scene3d.engine.colmap.stages import verify_pairs
from scene3d.engine.dense.stage import Dense, densify
from scene3d.engine.diagnosis import (
    Case,
    blocking_evidence,
    prevailing_action,
    without_partner,
)
from scene3d.engine.errors import InsufficientFeatures, InsufficientOverlap, OptionsInvalid
from scene3d.engine.exporting import export_models
from scene3d.engine.failpoints import failpoint
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.kept_stages import KeptStages, NotKept
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.mutual_nearest import unit_descriptors
from scene3d.engine.matching.saved import save_matches
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.overlap import compare_leftovers
from scene3d.engine.pairs import Pair, choose_pairs
from scene3d.engine.progress import Progress, Stage, Unstoppable
from scene3d.engine.report import Report, StageSeconds
from scene3d.engine.reporting import Findings, describe
from scene3d.engine.second_look import ViewGraph
from scene3d.engine.seeding import generator
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import PairMatches, Photo, PhotoSet
from scene3d.engine.verdicts import FEW_KEYPOINTS
from scene3d.engine.workspace import Workspace


def reconstruct(
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Report:
    """Every model that the photos give, the largest first, in `workspace.result_dir`.

    `exporting.export_models` lists the files; report.json is written last, so a result without
    it is not complete. Calls of `progress` come from the calling thread. When mapping is
    cancelled, runs out of time or crashes, and has placed a few photos, these are the result:
    `Report.partial_reason` tells.

    Raises:
        OptionsInvalid: `dense.hold_out` names a photo that there is none of.
        PhotoProblem: the photos give no model; says why and what to do.
        HostProblem: this machine could not do the work.
        Cancelled: `progress.check` asked for it, and there is no model yet.
    """
    _require_known(options.dense.hold_out, photos)
    workspace.prepare()
    findings = _run_stages(photos, options, workspace, progress, host)
    failpoint("exporting")
    report = describe(findings, options, host)
    report.write(workspace.result_dir / "report.json")
    return report


def _run_stages(
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Findings:
    clock = _Clock(progress)
    kept = KeptStages(photos, options, workspace)
    with clock.stage("checking", len(photos)):
        photo_set = _check(photos, options, workspace, progress, host, kept)
    accepted = photo_set.accepted
    with clock.stage("extracting", len(accepted)):
        num_keypoints = _extract(accepted, options, workspace, progress, host, kept)
        _require_features(accepted, num_keypoints, options)
    pairs = _choose_pairs(accepted, options, workspace)
    with clock.stage("matching", 2 * len(pairs)):
        compared = _match(pairs, accepted, options, workspace, progress, host)
        verified = verify_pairs(accepted, options, workspace, progress, num_pairs=len(pairs))
    with clock.stage("mapping", len(accepted)):
        _import_meanwhile("scipy.spatial.transform")
        attempts = Attempts(accepted, options, workspace, progress, host)
        mapped = attempts.best_of(ViewGraph(compared=compared, verified=verified))
        if mapped.models:
            progress = clock.progress = Unstoppable(progress)
        case = _case(accepted, num_keypoints, options, mapped)
        case = _examine(case, workspace, progress, host)
    dense = _densify(clock, mapped, accepted, options, workspace, host)
    with clock.stage("exporting", len(mapped.models)):
        names = {photo.index: photo.name for photo in accepted}
        clouds = export_models(mapped.models, names, options, workspace, progress, dense)
    return Findings(
        photos=photo_set,
        num_pairs=len(pairs),
        case=case,
        mapped=mapped,
        clouds=clouds,
        dense=dense,
        stages=clock.stages,
    )


def _check(
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
    kept: KeptStages,
) -> PhotoSet:
    try:
        photo_set = kept.photos()
    except NotKept:
        photo_set = prepare_photos(photos, options.photos, workspace, progress, host)
        kept.keep_photos(photo_set)
    else:
        progress.checked(photo_set)
    return photo_set


def _extract(
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
    kept: KeptStages,
) -> dict[int, int]:
    try:
        return kept.features()
    except NotKept:
        num_keypoints = extract_features(photos, options.features, workspace, progress, host)
        kept.keep_features(num_keypoints)
        return num_keypoints


def _require_known(names: Sequence[str], photos: Sequence[PhotoSource]) -> None:
    """Raises: OptionsInvalid, for names that no photo has."""
    known = {photo.name for photo in photos}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OptionsInvalid([f"dense.hold_out: no photo is called {name}" for name in unknown])


def _densify(
    clock: "_Clock",
    mapped: Mapped,
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    host: Host,
) -> Dense:
    """Of the largest model, if it is wanted. Whoever stopped the mapping does not wait for this
    either; who has waited for that may still stop this."""
    if not options.dense.enabled or mapped.partial_reason in {"cancelled", "time_limit"}:
        return Dense()
    largest = mapped.models[0]
    held_out = [photo.index for photo in photos if photo.name in options.dense.hold_out]
    with clock.stage("dense", largest.num_registered):
        return densify(largest, held_out, options, workspace, clock.watched, host)


def _import_meanwhile(module: str) -> None:
    """Half a second that exports will need, while the mapper works on one core."""
    Thread(target=import_module, args=(module,), daemon=True).start()


def _choose_pairs(
    photos: Sequence[Photo], options: ReconstructionOptions, workspace: Workspace
) -> list[Pair]:
    def descriptors(index: int) -> NDArray[np.float32]:
        return unit_descriptors(load_features(workspace.features(index)))

    return choose_pairs(photos, options.pairs, descriptors, generator(options.seed, "pairs"))


def _match(
    pairs: Sequence[Pair],
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> list[PairMatches]:
    """Write `workspace.matches_path` too."""
    matches = []
    by_index = {photo.index: photo for photo in photos}
    for pair in match_pairs(pairs, by_index, options.matching, workspace, host):
        progress.check()
        matches.append(pair)
        progress.update(len(matches), num_pairs=len(pairs))
    save_matches(matches, workspace.matches_path)
    return matches


def _examine(case: Case, workspace: Workspace, progress: Progress, host: Host) -> Case:
    """With what the leftovers look like.

    Raises: InsufficientOverlap, when there is no model.
    """
    leftovers = without_partner(case)
    likenesses = compare_leftovers(case.photos, leftovers, workspace, progress, host)
    case = replace(case, likenesses=likenesses)
    if not case.models:
        raise _no_overlap(case)
    return case


def _case(
    photos: Sequence[Photo],
    num_keypoints: Mapping[int, int],
    options: ReconstructionOptions,
    mapped: Mapped,
) -> Case:
    return Case(
        photos=photos,
        min_num_inliers=options.verification.min_num_inliers,
        num_keypoints=num_keypoints,
        verified=mapped.graph.verified,
        models=[model.photo_indices.tolist() for model in mapped.models],
        stopped_early=mapped.partial_reason is not None,
    )


def _require_features(
    photos: Sequence[Photo], num_keypoints: Mapping[int, int], options: ReconstructionOptions
) -> None:
    if sum(count >= FEW_KEYPOINTS for count in num_keypoints.values()) < MIN_NUM_PHOTOS:
        few = [photo for photo in photos if num_keypoints[photo.index] < FEW_KEYPOINTS]
        evidence = blocking_evidence(_case(few, num_keypoints, options, NOTHING))
        raise InsufficientFeatures(
            "The photos show too few details to recognise: blurred, dark, or plain surfaces.",
            next_step=prevailing_action(evidence),
            evidence={"num_keypoints": list(num_keypoints.values()), **evidence},
        )


def _no_overlap(case: Case) -> InsufficientOverlap:
    evidence = blocking_evidence(case)
    next_step = prevailing_action(evidence)
    verified = case.verified
    if not verified:
        return InsufficientOverlap(
            f"No two of the {len(case.photos)} photos show enough of the same place.",
            next_step=next_step,
            evidence={"num_verified_pairs": 0, **evidence},
        )
    names = {photo.index: photo.name for photo in case.photos}
    best = max(verified, key=lambda pair: pair.num_inliers)
    shown = "Only one pair" if len(verified) == 1 else f"Only {len(verified)} pairs"
    return InsufficientOverlap(
        f"{shown} of photos with the same place, and no three photos fit together. The best pair is"
        f" {names[best.first]} and {names[best.second]}.",
        next_step=next_step,
        evidence={
            "num_verified_pairs": len(verified),
            "best_pair": [names[best.first], names[best.second]],
            "best_pair_num_inliers": best.num_inliers,
            **evidence,
        },
    )


class _Clock:
    """Announces stages and keeps their seconds."""

    def __init__(self, progress: Progress) -> None:
        self.progress = self.watched = progress
        self.stages: list[StageSeconds] = []

    @contextmanager
    def stage(self, stage: Stage, total: int) -> Iterator[None]:
        self.progress.check()
        self.progress.begin(stage, total)
        started_s = monotonic()
        yield
        self.stages.append(StageSeconds(stage=stage, seconds=monotonic() - started_s))
        failpoint("stage_done")
