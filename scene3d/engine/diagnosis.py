"""Why a photo is not in a model: the first reason that its evidence supports, and what to do."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scene3d.engine import verdicts
from scene3d.engine.overlap import LOOKS_ALIKE, Likeness
from scene3d.engine.quality import find_blurred, find_duplicates, is_dark, is_overexposed
from scene3d.engine.types import Photo, VerifiedPair
from scene3d.engine.verdicts import FEW_KEYPOINTS, Diagnosis

_TURNED_DEG = 45.0
"""From here on photos lie on their side or upside down."""
_BEYOND_DOUBT = 2
"""Times the inliers that verification asks for; with fewer, unrelated photos agree by chance."""
_PLENTY = 6
"""Likewise; with so many it is not overlap that is missing."""
_NUM_NAMED = 3
"""Partners that are named; more are counted."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known when a run ends. What was not reached yet is empty."""

    photos: Sequence[Photo]
    min_num_inliers: int
    num_keypoints: Mapping[int, int] = field(default_factory=dict)
    verified: Sequence[VerifiedPair] = ()
    likenesses: Sequence[Likeness] = ()
    """Between the photos that `without_partner` names and all others."""
    models: Sequence[Collection[int]] = ()
    """Photo.index of each model, the largest first."""
    stopped_early: bool = False
    """Whether mapping ended before every photo had its turn."""


def diagnose(case: Case) -> dict[int, Diagnosis]:
    """By Photo.index: every photo that is in no model, and those that are with a flaw."""
    return _Examination(case).all()


def without_partner(case: Case) -> list[int]:
    """Photo.index of those that are in no model and have no partner beyond doubt."""
    known = {index for model in case.models for index in model}
    for pair in case.verified:
        if pair.num_inliers >= _BEYOND_DOUBT * case.min_num_inliers:
            known.update((pair.first, pair.second))
    return [photo.index for photo in case.photos if photo.index not in known]


def blocking_evidence(case: Case) -> dict[str, Any]:
    """Of a run without a model: a row per photo that stood in its way."""
    names = {photo.index: photo.name for photo in case.photos}
    return {
        "photos": [
            {"index": index, "name": names[index], **found.fields()}
            for index, found in diagnose(case).items()
        ]
    }


def prevailing_action(evidence: Mapping[str, Any]) -> str | None:
    """What to do about the reason that more than half of the blocking photos have."""
    rows = evidence["photos"]
    for row in rows:
        if 2 * sum(other["reason"] == row["reason"] for other in rows) > len(rows):
            return _PREVAILING_ACTIONS.get(row["reason"])
    return None


_PREVAILING_ACTIONS = {
    "blurred": "Take the photos again: hold still, tap to focus, and use more light.",
    "dark": "Take the photos again with more light, from a tripod if need be.",
    "overexposed": "Take the photos again with a shorter exposure.",
    "duplicate": "Add different photos: the same picture several times gives no depth.",
    "degenerate_motion": "Take the photos again from different positions: a step to the side"
    " between one and the next, not a turn on the spot.",
}


class _Examination:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._names = {photo.index: photo.name for photo in case.photos}
        self._blurred = find_blurred(case.photos)
        self._duplicates = find_duplicates(case.photos)
        self._partners = _partners(case.verified)
        self._lonely = set(without_partner(case))
        self._placed = {index for model in case.models for index in model}

    def all(self) -> dict[int, Diagnosis]:
        found = {}
        for photo in self._case.photos:
            is_placed = photo.index in self._placed
            diagnosis = self._flaw(photo) if is_placed else self._obstacle(photo)
            if diagnosis is not None:
                found[photo.index] = diagnosis
        return found

    def _flaw(self, photo: Photo) -> Diagnosis | None:
        """Of a photo that is in a model; None for a good one."""
        if photo.index in self._duplicates:
            return self._duplicate(photo)
        if photo.index in self._blurred:
            return verdicts.blurred(photo)
        if self._is_in_flat_model(photo.index):
            return self._degenerate_motion(photo)
        return None

    def _obstacle(self, photo: Photo) -> Diagnosis:
        """Flaws of the picture first: they explain what the comparisons lack."""
        return self._bad_picture(photo) or self._bad_position(photo)

    def _bad_picture(self, photo: Photo) -> Diagnosis | None:
        quality = photo.quality
        if photo.index in self._duplicates:
            return self._duplicate(photo)
        if is_dark(quality):
            return verdicts.dark(photo)
        if is_overexposed(quality):
            return verdicts.overexposed(photo)
        if photo.index in self._blurred:
            return verdicts.blurred(photo)
        num_keypoints = self._case.num_keypoints.get(photo.index)
        if num_keypoints is not None and num_keypoints < FEW_KEYPOINTS:
            return verdicts.too_few_features(num_keypoints)
        return None

    def _bad_position(self, photo: Photo) -> Diagnosis:
        if photo.index in self._lonely:
            return self._without_partner(photo)
        if self._only_turned(photo.index):
            return self._degenerate_motion(photo)
        if self._placed and not self._reaches_a_model(photo.index):
            return self._other_scene(photo)
        if self._case.stopped_early:
            return verdicts.STOPPED_EARLY
        return self._not_enough_shared_points(photo)

    def _without_partner(self, photo: Photo) -> Diagnosis:
        nearest = self._most_alike(photo.index)
        if nearest is None or nearest.num_points < LOOKS_ALIKE:
            return self._no_partner(nearest, photo.index)
        other = nearest.second if nearest.first == photo.index else nearest.first
        if abs(nearest.turn_deg) > _TURNED_DEG:
            return self._turned(nearest, other)
        if self._placed and other not in self._placed:
            return self._alike_elsewhere(nearest, other)
        if self._partners[photo.index]:
            return self._not_enough_shared_points(photo)
        return Diagnosis(
            reason="not_enough_shared_points",
            explanation=f"Shows a little of what {self._names[other]} shows, but too little to"
            " place it.",
            action=f"Take photos between this one and {self._names[other]}.",
            evidence=self._likeness_evidence(nearest, other),
        )

    def _no_partner(self, nearest: Likeness | None, index: int) -> Diagnosis:
        evidence: dict[str, Any] = {"min_num_inliers": self._case.min_num_inliers}
        words = "No other photo shows enough of the same place."
        if self._partners[index]:
            best = self._partners[index][0]
            evidence |= self._pair_evidence(index)
            words += (
                f" The nearest, {self._names[best.other]}, shares"
                f" {verdicts.points(best.num_inliers)}, which may be chance."
            )
        elif nearest is not None and nearest.num_points:
            other = nearest.second if nearest.first == index else nearest.first
            evidence |= self._likeness_evidence(nearest, other)
            words += (
                f" The nearest, {self._names[other]}, shares"
                f" {verdicts.points(nearest.num_points)} at a glance."
            )
        return Diagnosis(
            reason="no_partner",
            explanation=words,
            action="If it shows this place, take photos between it and the others; otherwise leave"
            " it out.",
            evidence=evidence,
        )

    def _turned(self, nearest: Likeness, other: int) -> Diagnosis:
        return Diagnosis(
            reason="rotated",
            explanation=f"Is turned by about {round(abs(nearest.turn_deg) / 90) * 90}° against"
            f" {self._names[other]}, which shows the same place.",
            action="Turn it upright in a photo program and upload again.",
            evidence=self._likeness_evidence(nearest, other),
        )

    def _alike_elsewhere(self, nearest: Likeness, other: int) -> Diagnosis:
        return Diagnosis(
            reason="other_scene",
            explanation=f"Seems to show another place than the model, together with"
            f" {self._names[other]}.",
            action="Upload the photos of that place as a scene of their own, or take photos that"
            " connect the two.",
            evidence=self._likeness_evidence(nearest, other),
        )

    def _other_scene(self, photo: Photo) -> Diagnosis:
        group = sorted(self._connected_with(photo.index) - {photo.index})
        return Diagnosis(
            reason="other_scene",
            explanation=f"Shows another place than the model, together with {self._list(group)}.",
            action="Upload the photos of that place as a scene of their own, or take photos that"
            " connect the two.",
            evidence=self._pair_evidence(photo.index),
        )

    def _not_enough_shared_points(self, photo: Photo) -> Diagnosis:
        partners = self._partners[photo.index]
        best = partners[0]
        name = self._names[best.other]
        if best.num_inliers >= _PLENTY * self._case.min_num_inliers:
            return Diagnosis(
                reason="position_not_agreed",
                explanation=f"Overlaps well with {verdicts.photos(len(partners))}, best with"
                f" {name} ({verdicts.points(best.num_inliers)} in common), but no position agrees"
                " with all.",
                action="Try these photos with the preset Thorough.",
                evidence=self._pair_evidence(photo.index),
            )
        return Diagnosis(
            reason="not_enough_shared_points",
            explanation=f"Overlaps with {verdicts.photos(len(partners))}, best with {name}"
            f" ({verdicts.points(best.num_inliers)} in common), but too little to place it.",
            action=f"Take photos between this one and {name}, each a step to the side.",
            evidence=self._pair_evidence(photo.index),
        )

    def _degenerate_motion(self, photo: Photo) -> Diagnosis:
        group = [partner.other for partner in self._partners[photo.index]]
        return Diagnosis(
            reason="degenerate_motion",
            explanation=f"Was taken from the same spot as {self._list(group)}: the camera only"
            " turned, which gives no depth.",
            action="Take photos from other positions: a step to the side between one and the next.",
            evidence=self._pair_evidence(photo.index),
        )

    def _duplicate(self, photo: Photo) -> Diagnosis:
        original = self._duplicates[photo.index]
        return Diagnosis(
            reason="duplicate",
            explanation=f"Shows the same picture as {self._names[original]}.",
            action="Leave it out: a picture that comes twice adds nothing.",
            evidence={"partners": [self._names[original]]},
        )

    def _is_in_flat_model(self, index: int) -> bool:
        """Whether no photo of its model was taken from another spot."""
        model = next(model for model in self._case.models if index in model)
        return all(self._only_turned(member) for member in model if member not in self._duplicates)

    def _only_turned(self, index: int) -> bool:
        partners = [
            partner for partner in self._partners[index] if partner.other not in self._duplicates
        ]
        return bool(partners) and all(partner.is_panoramic for partner in partners)

    def _most_alike(self, index: int) -> Likeness | None:
        own = [like for like in self._case.likenesses if index in (like.first, like.second)]
        return max(own, key=lambda like: like.num_points, default=None)

    def _reaches_a_model(self, index: int) -> bool:
        return not self._connected_with(index).isdisjoint(self._placed)

    def _connected_with(self, index: int) -> set[int]:
        """Photos that chains of pairs beyond doubt lead to, itself included."""
        enough = _BEYOND_DOUBT * self._case.min_num_inliers
        reached, waiting = {index}, [index]
        while waiting:
            for partner in self._partners[waiting.pop()]:
                if partner.num_inliers >= enough and partner.other not in reached:
                    reached.add(partner.other)
                    waiting.append(partner.other)
        return reached

    def _pair_evidence(self, index: int) -> dict[str, Any]:
        partners = self._partners[index]
        return {
            "num_partners": len(partners),
            "partners": [self._names[partner.other] for partner in partners[:_NUM_NAMED]],
            "num_inliers": [partner.num_inliers for partner in partners[:_NUM_NAMED]],
        }

    def _likeness_evidence(self, likeness: Likeness, other: int) -> dict[str, Any]:
        return {
            "partners": [self._names[other]],
            "num_points_at_a_glance": likeness.num_points,
            "turn_deg": round(likeness.turn_deg),
        }

    def _list(self, indices: Sequence[int]) -> str:
        named = [self._names[index] for index in indices[:_NUM_NAMED]]
        if len(indices) > _NUM_NAMED:
            return f"{', '.join(named)} and {len(indices) - _NUM_NAMED} more"
        return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


@dataclass(frozen=True, kw_only=True)
class _Partner:
    other: int
    num_inliers: int
    is_panoramic: bool


def _partners(verified: Sequence[VerifiedPair]) -> Mapping[int, list[_Partner]]:
    """By Photo.index, the strongest first."""
    partners: dict[int, list[_Partner]] = defaultdict(list)
    for pair in verified:
        for index, other in ((pair.first, pair.second), (pair.second, pair.first)):
            partners[index].append(
                _Partner(
                    other=other,
                    num_inliers=pair.num_inliers,
                    is_panoramic=pair.motion == "panoramic",
                )
            )
    for found in partners.values():
        found.sort(key=lambda partner: (-partner.num_inliers, partner.other))
    return partners
