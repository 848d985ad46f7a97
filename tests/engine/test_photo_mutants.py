"""Damaged photos are read or rejected, whatever the damage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags

from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import UnreadablePhotoError, read_photo

from .photo_files import encoded, exif, jpeg, smooth_rgb

SMALL = smooth_rgb(72, 64)
BASES = [
    jpeg(SMALL, exif=exif({ExifTags.Base.Orientation: 6, ExifTags.Base.Make: "Maker"})),
    encoded(SMALL, "PNG", exif=exif({ExifTags.Base.Orientation: 8})),
    encoded(SMALL, "WEBP", quality=40),
    encoded(SMALL, "AVIF", quality=40),
]


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A good photo of which a few bytes were overwritten, cut out or inserted."""
    content = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, draw(st.sampled_from([64, 300, len(content)]))))
        inserted = draw(st.binary(max_size=6))
        content = content[:at] + inserted + content[at + draw(st.integers(0, 8)) :]
    return content


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=400, derandomize=True, deadline=None)
@given(content=mutants())
def test_a_mutated_photo_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutant"
    path.write_bytes(content)
    try:
        image, _ = read_photo(path, PhotoOptions())
    except UnreadablePhotoError as rejection:
        assert rejection.code.startswith("image_")  # noqa: PT017  # whichever it is
    else:
        assert image.mode == "RGB"
        assert min(image.size) >= 64
