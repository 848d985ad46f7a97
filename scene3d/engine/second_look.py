"""A second look at the photos that mapping left over: pairs that a glance passed over are compared
in full, and the most promising ones again with learned features, which hold where others break."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scene3d.engine.colmap.stages import verify_more
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.saved import save_matches
from scene3d.engine.options import FeatureOptions, MatchOptions, ReconstructionOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.progress import Progress, Unreported
from scene3d.engine.quality import find_duplicates, is_dark, is_overexposed
from scene3d.engine.types import PairMatches, Photo, VerifiedPair
from scene3d.engine.workspace import Workspace

_WITHOUT_GLANCE = {"glance_agreement": 0, "min_agreement": 0, "enough_partners": 0}
_BEYOND_DOUBT = 2
"""Times the inliers that verification asks for otherwise. Photos of different places reach one and
a half; the mapper spends minutes on such pairs."""
_MAX_NUM_PAIRS = 120
"""LightGlue takes a second or more for each without a graphics card."""


@dataclass(frozen=True, kw_only=True)
class ViewGraph:
    """What comparing photos has found so far."""

    compared: Sequence[PairMatches]
    """Each pair once."""
    verified: Sequence[VerifiedPair]

    @property
    def num_matched_pairs(self) -> int:
        return sum(len(pair.keypoint_indices) > 0 for pair in self.compared)


def worth_a_look(photos: Sequence[Photo], leftovers: Collection[int]) -> set[int]:
    """Of `leftovers` (Photo.index), those whose picture is not at fault."""
    duplicates = find_duplicates(photos)
    return {
        photo.index
        for photo in photos
        if photo.index in leftovers
        and photo.index not in duplicates
        and not is_dark(photo.quality)
        and not is_overexposed(photo.quality)
    }


class SecondLook:
    """Adds to the view graph of one run, and to the database in its workspace."""

    def __init__(
        self,
        photos: Sequence[Photo],
        options: ReconstructionOptions,
        workspace: Workspace,
        progress: Progress,
        host: Host,
    ) -> None:
        self._photos = {photo.index: photo for photo in photos}
        self._options = options
        self._workspace = workspace
        self._progress = progress
        self._host = host

    def look(self, graph: ViewGraph, leftovers: Collection[int]) -> ViewGraph:
        """The graph with what was found for `leftovers` (Photo.index); the same when nothing was.

        Raises: WeightsMissing, NativeCrash, Cancelled, TimeLimitReached.
        """
        overlooked = [
            (pair.first, pair.second)
            for pair in graph.compared
            if pair.is_undecided and _touches(pair, leftovers)
        ]
        promising = self._most_promising(graph, leftovers)
        found = [*self._match_in_full(overlooked), *self._match_learned(promising)]
        added = _merged(pair for pair in found if len(pair.keypoint_indices))
        if not added:
            return graph
        save_matches(added, self._workspace.matches_path)
        with_more = {index: self._learned.features(index) for pair in promising for index in pair}
        verified = verify_more(
            with_more, self._strict_options, self._workspace, Unreported(self._progress)
        )
        return ViewGraph(compared=_merged([*graph.compared, *added]), verified=verified)

    @property
    def _strict_options(self) -> ReconstructionOptions:
        """Who looks for agreement finds some: chance must not count as a partner."""
        enough = _BEYOND_DOUBT * self._options.verification.min_num_inliers
        return self._options.merged({"verification": {"min_num_inliers": enough}})

    @property
    def _learned(self) -> Workspace:
        return Workspace(self._workspace.root / "second-look")

    def _most_promising(self, graph: ViewGraph, leftovers: Collection[int]) -> list[Pair]:
        """Of every leftover the pairs in which a glance saw most."""
        num_inliers = {(pair.first, pair.second): pair.num_inliers for pair in graph.verified}
        ranked = sorted(
            (pair for pair in graph.compared if _touches(pair, leftovers)),
            key=lambda pair: (
                -num_inliers.get((pair.first, pair.second), 0),
                -pair.num_agreeing,
                pair.second - pair.first,
            ),
        )
        num_chosen = dict.fromkeys(leftovers, 0)
        chosen = []
        for pair in ranked:
            own = [index for index in (pair.first, pair.second) if index in num_chosen]
            if any(num_chosen[index] < self._options.second_look.max_partners for index in own):
                chosen.append((pair.first, pair.second))
                for index in own:
                    num_chosen[index] += 1
        return chosen[:_MAX_NUM_PAIRS]

    def _match_in_full(self, pairs: Sequence[Pair]) -> Iterator[PairMatches]:
        options = self._options.matching.model_copy(update=_WITHOUT_GLANCE)
        return self._match(pairs, options, self._workspace)

    def _match_learned(self, pairs: Sequence[Pair]) -> Iterator[PairMatches]:
        """Matches whose keypoints come after those that the photos have already."""
        if not pairs:
            return
        options, photos = self._options.second_look, self._photos
        features = FeatureOptions(
            extractor=options.extractor,
            max_keypoints=options.max_keypoints,
            long_side_px=options.long_side_px,
        )
        seen = [photos[index] for index in sorted({index for pair in pairs for index in pair})]
        self._learned.prepare()
        extract_features(seen, features, self._learned, Unreported(self._progress), self._host)
        before = {
            photo.index: len(load_features(self._workspace.features(photo.index))) for photo in seen
        }
        matching = MatchOptions(matcher="lightglue", min_score=options.min_score).model_copy(
            update=_WITHOUT_GLANCE
        )
        for pair in self._match(pairs, matching, self._learned):
            shift = np.array([before[pair.first], before[pair.second]], np.uint32)
            yield replace(pair, keypoint_indices=pair.keypoint_indices + shift)

    def _match(
        self, pairs: Sequence[Pair], options: MatchOptions, workspace: Workspace
    ) -> Iterator[PairMatches]:
        for pair in match_pairs(pairs, self._photos, options, workspace, self._host):
            self._progress.check()
            yield pair


def _touches(pair: PairMatches, indices: Collection[int]) -> bool:
    return pair.first in indices or pair.second in indices


def _merged(pairs: Iterable[PairMatches]) -> list[PairMatches]:
    """Each pair once, with all its matches."""
    merged: dict[Pair, PairMatches] = {}
    for pair in pairs:
        known = merged.get((pair.first, pair.second))
        if known is None:
            merged[pair.first, pair.second] = pair
        else:
            both = np.concatenate([known.keypoint_indices, pair.keypoint_indices])
            merged[pair.first, pair.second] = replace(
                known, keypoint_indices=both, is_undecided=False
            )
    return list(merged.values())
