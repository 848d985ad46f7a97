"""The engine's light door: options, presets, errors, names. Safe in the web process.

The heavy door is `scene3d.engine.pipeline.reconstruct`, with `scene3d.engine.host` and
`scene3d.engine.workspace` for its arguments; it loads numpy, and torch only where the options
ask for a network.
"""

from scene3d.engine.archives import ArchiveLimits, unpack_photos, zip_folder
from scene3d.engine.errors import (
    ArchiveProblem,
    Cancelled,
    EngineError,
    HostProblem,
    InputNotFound,
    NoPhotos,
    OptionsInvalid,
    PhotoProblem,
    StorageFull,
    TimeLimitReached,
    TooFewPhotos,
)
from scene3d.engine.export.scaling import SCALABLE, scale_file
from scene3d.engine.formats import FORMATS, ExportFormat
from scene3d.engine.options import EXTRACTOR_ALIASES, ReconstructionOptions
from scene3d.engine.presets import DEFAULT_PRESET, PRESETS, Preset, with_extractor
from scene3d.engine.privacy import strip_private
from scene3d.engine.progress import STAGES, Progress, Stage
from scene3d.engine.sources import PHOTO_SUFFIXES, PhotoSource, find_photos, looks_like_photo
from scene3d.engine.storage import looks_full, telling_full_disk

__all__ = [
    "DEFAULT_PRESET",
    "EXTRACTOR_ALIASES",
    "FORMATS",
    "PHOTO_SUFFIXES",
    "PRESETS",
    "SCALABLE",
    "STAGES",
    "ArchiveLimits",
    "ArchiveProblem",
    "Cancelled",
    "EngineError",
    "ExportFormat",
    "HostProblem",
    "InputNotFound",
    "NoPhotos",
    "OptionsInvalid",
    "PhotoProblem",
    "PhotoSource",
    "Preset",
    "Progress",
    "ReconstructionOptions",
    "Stage",
    "StorageFull",
    "TimeLimitReached",
    "TooFewPhotos",
    "find_photos",
    "looks_full",
    "looks_like_photo",
    "scale_file",
    "strip_private",
    "telling_full_disk",
    "unpack_photos",
    "with_extractor",
    "zip_folder",
]
