"""Which photos share a camera, and what is known of it before the reconstruction."""

from collections.abc import Hashable, Sequence
from statistics import median

from scene3d.engine.options import PhotoOptions
from scene3d.engine.types import CameraPrior, Photo


def group_cameras(photos: Sequence[Photo], options: PhotoOptions) -> list[CameraPrior]:
    """One prior per camera; every photo is in exactly one.

    Sharing is worth much: eleven photos of one camera constrain its focal length far better than
    one. Sharing wrongly costs as much, so photos without EXIF share only when all of them have
    one size, as photos of one device do.
    """
    groups: dict[Hashable, list[Photo]] = {}
    anonymous_share = _have_one_size([photo for photo in photos if photo.device is None])
    for photo in photos:
        groups.setdefault(_key(photo, options, anonymous_share=anonymous_share), []).append(photo)
    return [_prior(group) for group in groups.values()]


def _key(photo: Photo, options: PhotoOptions, *, anonymous_share: bool) -> Hashable:
    size = (photo.width_px, photo.height_px)
    if options.camera_sharing == "per_photo":
        return photo.index
    if options.camera_sharing == "single":
        return size
    if photo.device is not None:
        return photo.device
    return size if anonymous_share else photo.index


def _have_one_size(photos: Sequence[Photo]) -> bool:
    return len({tuple(sorted((photo.width_px, photo.height_px))) for photo in photos}) == 1


def _prior(photos: Sequence[Photo]) -> CameraPrior:
    known = [photo.focal_px for photo in photos if photo.focal_source != "guess"]
    return CameraPrior(
        width_px=photos[0].width_px,
        height_px=photos[0].height_px,
        focal_px=median(known or [photo.focal_px for photo in photos]),
        is_focal_known=bool(known),
        photo_indices=tuple(photo.index for photo in photos),
    )
