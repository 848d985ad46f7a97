"""Which photos share a camera, and what is known of it before the reconstruction."""

from collections import Counter
from collections.abc import Hashable, Sequence
from statistics import median

from scene3d.engine.options import PhotoOptions
from scene3d.engine.types import CameraPrior, Photo

_PREVAILING_SHARE = 0.8

Size = tuple[int, int]


def group_cameras(photos: Sequence[Photo], options: PhotoOptions) -> list[CameraPrior]:
    """One prior per camera; every photo is in exactly one.

    Sharing is worth much: eleven photos of one camera constrain its focal length far better than
    one. Sharing wrongly costs as much, so of photos without EXIF only those share whose size
    prevails, as it does among photos of one device with a few strangers.
    """
    groups: dict[Hashable, list[Photo]] = {}
    prevailing = _prevailing_size([photo for photo in photos if photo.device is None])
    for photo in photos:
        groups.setdefault(_key(photo, options, prevailing), []).append(photo)
    return [_prior(group) for group in groups.values()]


def _key(photo: Photo, options: PhotoOptions, prevailing: Size | None) -> Hashable:
    size = (photo.width_px, photo.height_px)
    if options.camera_sharing == "per_photo":
        return photo.index
    if options.camera_sharing == "single":
        return size
    if photo.device is not None:
        return photo.device
    return size if _upright_size(photo) == prevailing else photo.index


def _prevailing_size(photos: Sequence[Photo]) -> Size | None:
    """What nearly all of them have, however they are turned; None where sizes are mixed."""
    for size, count in Counter(map(_upright_size, photos)).most_common(1):
        if count >= _PREVAILING_SHARE * len(photos):
            return size
    return None


def _upright_size(photo: Photo) -> Size:
    return min(photo.width_px, photo.height_px), photo.long_side_px


def _prior(photos: Sequence[Photo]) -> CameraPrior:
    known = [photo.focal_px for photo in photos if photo.focal_source != "guess"]
    return CameraPrior(
        width_px=photos[0].width_px,
        height_px=photos[0].height_px,
        focal_px=median(known or [photo.focal_px for photo in photos]),
        is_focal_known=bool(known),
        photo_indices=tuple(photo.index for photo in photos),
    )
