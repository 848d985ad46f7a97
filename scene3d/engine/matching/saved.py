"""Matches on disk, for the child that verifies them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scene3d.engine.types import PairMatches


def save_matches(matches: Sequence[PairMatches], path: Path) -> None:
    """All pairs in one npz: (P, 2) photo indices, (P + 1) offsets into (M, 2) keypoint indices."""
    sizes = [len(pair.keypoint_indices) for pair in matches]
    rows = [pair.keypoint_indices for pair in matches] or [np.empty((0, 2), np.uint32)]
    np.savez(
        path,
        photo_indices=np.array([(m.first, m.second) for m in matches], np.uint32).reshape(-1, 2),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint64),
        keypoint_indices=np.concatenate(rows),
    )


def load_matches(path: Path) -> list[PairMatches]:
    """Inverse of `save_matches`."""
    with np.load(path, allow_pickle=False) as arrays:
        indices, offsets = arrays["keypoint_indices"], arrays["offsets"].astype(int)
        return [
            PairMatches(
                first=int(first),
                second=int(second),
                keypoint_indices=indices[offsets[row] : offsets[row + 1]],
            )
            for row, (first, second) in enumerate(arrays["photo_indices"])
        ]
