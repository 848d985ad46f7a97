"""Native task: which matches agree with one camera motion."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pycolmap

from scene3d.engine.colmap.database import (
    ImageIds,
    add_keypoints,
    create_database,
    database_name,
    read_image_ids,
    read_num_inliers,
    write_matches,
)
from scene3d.engine.colmap.motion import read_motions
from scene3d.engine.matching.saved import load_matches
from scene3d.engine.native.child import Tell
from scene3d.engine.options import VerificationOptions

_PAIRS_PER_CALL = 64
"""COLMAP's call is silent while it works; this many pairs take a few seconds at most."""
_MAX_NUM_TRIALS = 1000
"""COLMAP's 10,000 spend most of their time on photos that share nothing. On castle-P19, 2,000 keep
99.3 % of their inliers in 18 % of the time, and 1,000 keep 99.5 % of these in 57 % of that."""


def verify(payload: Mapping[str, Any], tell: Tell) -> list[tuple[int, int, int, str]]:
    """Fill the database; the verified pairs as (first, second, number of inliers, motion)."""
    database = Path(payload["database"])
    image_ids = create_database(database, payload["cameras"], payload["photos"])
    return _verify_matches(payload, image_ids, tell)


def verify_more(payload: Mapping[str, Any], tell: Tell) -> list[tuple[int, int, int, str]]:
    """Add keypoints and matches to the database; all its verified pairs."""
    database = Path(payload["database"])
    image_ids = read_image_ids(database)
    add_keypoints(database, payload["photos"], image_ids)
    return _verify_matches(payload, image_ids, tell)


def _verify_matches(
    payload: Mapping[str, Any], image_ids: ImageIds, tell: Tell
) -> list[tuple[int, int, int, str]]:
    database = Path(payload["database"])
    index_of = {image_id: index for index, image_id in image_ids.items()}
    matches = load_matches(Path(payload["matches"]))
    write_matches(database, matches, image_ids)
    options = _native_options(
        VerificationOptions.model_validate(payload["options"]), payload["seed"]
    )
    matched = [pair for pair in matches if len(pair.keypoint_indices)]
    tell("pairs", done=len(matches) - len(matched))
    pairs_path = database.with_suffix(".pairs.txt")
    for start in range(0, len(matched), _PAIRS_PER_CALL):
        some = matched[start : start + _PAIRS_PER_CALL]
        pairs_path.write_text(
            "".join(f"{database_name(p.first)} {database_name(p.second)}\n" for p in some)
        )
        pycolmap.verify_matches(database, pairs_path, options)
        tell("pairs", done=len(matches) - len(matched) + start + len(some))
    motions = read_motions(database)
    return [
        (min(index_of[a], index_of[b]), max(index_of[a], index_of[b]), num_inliers, motions[a, b])
        for (a, b), num_inliers in sorted(read_num_inliers(database).items())
    ]


def _native_options(options: VerificationOptions, seed: int) -> pycolmap.TwoViewGeometryOptions:
    native = pycolmap.TwoViewGeometryOptions()
    native.min_num_inliers = options.min_num_inliers
    native.ransac.max_error = options.max_error_px
    native.ransac.max_num_trials = _MAX_NUM_TRIALS
    native.ransac.random_seed = seed
    return native
