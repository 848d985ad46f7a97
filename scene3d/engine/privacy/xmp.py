"""The one thing that is read of XMP, an XML that says anything of a photo."""

import re

_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


def orientation_of_xmp(xmp: bytes) -> int:
    """1 where it says nothing."""
    found = _ORIENTATION.search(xmp)
    return int(found[1]) if found else 1
