"""What the engine measures of labelled photos: each alone, pairs of them, and all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from drift.baselines import rounded
from mlops.data import LabelledImage
from scene3d.engine.appearance import APPEARANCE_FEATURES, appearance
from scene3d.engine.checking import prepare_photos
from scene3d.engine.colmap.stages import verify_pairs
from scene3d.engine.errors import InsufficientFeatures
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.mutual_nearest import unit_descriptors
from scene3d.engine.matching.saved import save_matches
from scene3d.engine.options import FeatureOptions, PairOptions, PhotoOptions, ReconstructionOptions
from scene3d.engine.pairs import Pair, choose_pairs
from scene3d.engine.progress import Silent
from scene3d.engine.seeding import generator
from scene3d.engine.similarity import Codebook, Float32Array, aggregate, learn_words
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import FloatArray, Photo
from scene3d.engine.workspace import Workspace

IMAGE_FEATURES = (*APPEARANCE_FEATURES, "num_keypoints")
PAIR_FEATURES = ("num_matches", "num_inliers", "inlier_ratio")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured, and how."""

    features: FeatureOptions
    max_pairs: int
    descriptor_size: int
    seed: int

    @property
    def options(self) -> ReconstructionOptions:
        """Each photo has a camera of its own here, since strangers' photos lie side by side."""
        return ReconstructionOptions(
            photos=PhotoOptions(camera_sharing="per_photo"), features=self.features, seed=self.seed
        )


@dataclass(frozen=True, kw_only=True)
class MeasuredImage:
    image: LabelledImage
    features: Mapping[str, float | None]
    """By IMAGE_FEATURES; None where the photo does not tell."""


@dataclass(frozen=True, kw_only=True)
class MeasuredPair:
    """Of two photos of one dataset."""

    first: LabelledImage
    second: LabelledImage
    num_matches: int
    """0 also where a glance spoke against the pair."""
    num_inliers: int
    """0 where the pair was not verified."""

    @property
    def features(self) -> Mapping[str, float | None]:
        """By PAIR_FEATURES; None unless the pair was verified."""
        if not self.num_inliers:
            return dict.fromkeys(PAIR_FEATURES)
        ratio = rounded(self.num_inliers / self.num_matches)
        return dict(zip(PAIR_FEATURES, (self.num_matches, self.num_inliers, ratio), strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    images: Sequence[MeasuredImage]
    """P of them; those that cannot be read are left out."""
    pairs: Sequence[MeasuredPair]
    codebook: Codebook
    descriptors: Float32Array
    """(P, S) of the codebook."""
    alike: FloatArray
    """(P, P), cosine of the full descriptors."""


def measure(images: Sequence[LabelledImage], plan: Plan, folder: Path, host: Host) -> Measured:
    """Works in `folder`, which it empties first.

    Raises:
        TooFewPhotos: fewer than three can be read.
        InsufficientFeatures: none of them shows anything.
        StorageFull, NativeCrash.
    """
    workspace = Workspace(folder)
    workspace.prepare()
    sources = [PhotoSource(name=str(image.key), path=image.path) for image in images]
    photos = prepare_photos(sources, plan.options.photos, workspace, Silent(), host).accepted
    num_keypoints = extract_features(photos, plan.features, workspace, Silent(), host)
    if not any(num_keypoints.values()):
        raise InsufficientFeatures("No photo shows anything to recognise.")
    run = _Run(images=images, photos=photos, plan=plan, workspace=workspace, host=host)
    codebook, rows = run.describe()
    return Measured(
        images=[
            MeasuredImage(
                image=images[photo.index],
                features=_rounded(
                    {**appearance(photo), "num_keypoints": num_keypoints[photo.index]}
                ),
            )
            for photo in photos
        ],
        pairs=run.compare(run.choose_pairs()),
        codebook=codebook,
        descriptors=codebook.shortened(rows),
        alike=(rows @ rows.T).astype(np.float64),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    images: Sequence[LabelledImage]
    """By Photo.index."""
    photos: Sequence[Photo]
    """With features in the workspace."""
    plan: Plan
    workspace: Workspace
    host: Host

    def describe(self) -> tuple[Codebook, Float32Array]:
        """A codebook of these photos, and what `aggregate` makes of each by its words."""
        indices = [photo.index for photo in self.photos]
        words = learn_words(indices, self._descriptors, generator(self.plan.seed, "words"))
        rows = np.stack([aggregate(self._descriptors(index), words) for index in indices])
        signs = generator(self.plan.seed, "signs")
        return Codebook.around(words, self.plan.descriptor_size, signs), rows

    def choose_pairs(self) -> list[Pair]:
        """A sample of those that jobs with the photos of one dataset each would compare."""
        candidates: list[Pair] = []
        for dataset, photos in groupby(self.photos, lambda p: self.images[p.index].key.dataset):
            rng = generator(self.plan.seed, f"pairs of {dataset}")
            candidates += choose_pairs(list(photos), PairOptions(), self._descriptors, rng)
        rng = generator(self.plan.seed, "pairs")
        chosen = rng.permutation(len(candidates))[: self.plan.max_pairs]
        return [candidates[position] for position in sorted(chosen.tolist())]

    def compare(self, pairs: Sequence[Pair]) -> list[MeasuredPair]:
        by_index = {photo.index: photo for photo in self.photos}
        options = self.plan.options
        matches = list(match_pairs(pairs, by_index, options.matching, self.workspace, self.host))
        save_matches(matches, self.workspace.matches_path)
        verified = verify_pairs(
            self.photos, options, self.workspace, Silent(), num_pairs=len(pairs)
        )
        num_inliers = {(pair.first, pair.second): pair.num_inliers for pair in verified}
        return [
            MeasuredPair(
                first=self.images[pair.first],
                second=self.images[pair.second],
                num_matches=len(pair.keypoint_indices),
                num_inliers=num_inliers.get((pair.first, pair.second), 0),
            )
            for pair in matches
        ]

    def _descriptors(self, index: int) -> Float32Array:
        return unit_descriptors(load_features(self.workspace.features(index)))


def _rounded(features: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else rounded(value) for name, value in features.items()}
