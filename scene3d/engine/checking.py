"""All photos of a run are read by children with limits, before anything else looks at them.

A decoder that hangs, crashes or takes all memory over one photo costs that photo, and nothing else.
"""

import math
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scene3d.engine.errors import NativeCrash, NoPhotos, TooFewPhotos
from scene3d.engine.host import Host
from scene3d.engine.native.child import Tell
from scene3d.engine.native.run import Event, NativeRequest, run_native
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import prepare_photo
from scene3d.engine.progress import Progress
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import Photo, PhotoQuality, PhotoSet, RejectedPhoto
from scene3d.engine.workspace import Workspace

MIN_NUM_PHOTOS = 3
_TASK = "scene3d.engine.checking:read_in_child"
DECODE_TIMEOUT_S = 20.0
"""Of one photo: 200 megapixels take a quarter of it."""
_PHOTOS_PER_CHILD = 4
"""Fewer are read sooner than a second child has started."""
_MIN_MEMORY_BYTES = 1 << 30
_BYTES_PER_PIXEL = 12
"""Decoded, turned and converted, each with four bytes at most."""
_LARGEST_FILE_BYTES = 1 << 30
_PAGE_BYTES = resource.getpagesize()


def prepare_photos(
    sources: Sequence[PhotoSource],
    options: PhotoOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> PhotoSet:
    """Read every source into `workspace.photos_dir`, with a preview and a thumbnail each; then
    tell `progress.checked`, also where they are too few.

    Raises:
        NoPhotos: `sources` is empty.
        TooFewPhotos: fewer than MIN_NUM_PHOTOS could be read; the evidence names the others.
        Cancelled.
    """
    if not sources:
        raise NoPhotos("There is no photo to reconstruct from.")
    checking = _Checking(sources, options, workspace, progress)
    while checking.has_unread:
        checking.read_on(host.num_threads)
    found = [checking.found[index] for index in range(len(sources))]
    accepted = tuple(photo for photo in found if isinstance(photo, Photo))
    rejected = tuple(photo for photo in found if isinstance(photo, RejectedPhoto))
    photos = PhotoSet(accepted=accepted, rejected=rejected)
    progress.checked(photos)
    if len(accepted) < MIN_NUM_PHOTOS:
        raise _too_few(accepted, rejected)
    return photos


def read_in_child(payload: Mapping[str, Any], tell: Tell) -> None:
    """The child's task: photos one after the other, each announced before it is touched."""
    options = PhotoOptions.model_validate(payload["options"])
    workspace = Workspace(Path(payload["workspace"]))
    _limit_this_process(options)
    for row in payload["photos"]:
        tell("reading", index=row["index"])
        source = PhotoSource(name=row["name"], path=Path(row["path"]))
        found = prepare_photo(row["index"], source, options, workspace)
        if isinstance(found, Photo):
            tell("accepted", photo=asdict(found) | {"path": str(found.path)})
        else:
            tell("rejected", photo=asdict(found))


class _TookTooLong(Exception):  # noqa: N818  # ends the children that `run_native` waits for
    pass


@dataclass
class _Checking:
    """What is known of each photo so far."""

    sources: Sequence[PhotoSource]
    options: PhotoOptions
    workspace: Workspace
    progress: Progress
    found: dict[int, Photo | RejectedPhoto] = field(default_factory=dict)
    _being_read: dict[int, tuple[int, float]] = field(default_factory=dict)
    """By child: Photo.index, and when it began (monotonic seconds)."""
    _num_told: int = 0
    _num_accepted: int = 0

    @property
    def has_unread(self) -> bool:
        return len(self.found) < len(self.sources)

    def read_on(self, max_children: int) -> None:
        """Until all are read, or one photo ends its child.

        Raises: NativeCrash, where no photo is to blame.
        """
        unread = [index for index in range(len(self.sources)) if index not in self.found]
        num_children = min(max_children, math.ceil(len(unread) / _PHOTOS_PER_CHILD))
        shares = [unread[child::num_children] for child in range(num_children)]
        requests = [self._request(child, share) for child, share in enumerate(shares)]
        self._being_read.clear()
        try:
            run_native(requests, self._hear, self._check)
        except _TookTooLong:
            for index in self._late():
                self._reject(
                    index,
                    "image_decode_timeout",
                    f"The photo was not decoded within {DECODE_TIMEOUT_S:g} seconds.",
                )
        except NativeCrash as crash:
            child = Path(crash.evidence["log"]).stem.removeprefix("photos-")
            if int(child) not in self._being_read:
                raise
            index, _ = self._being_read[int(child)]
            self._reject(index, "image_truncated", "The photo ends the program that decodes it.")

    def _request(self, child: int, share: Sequence[int]) -> NativeRequest:
        sources = {index: self.sources[index] for index in share}
        rows = [
            {"index": index, "name": source.name, "path": str(source.path.absolute())}
            for index, source in sources.items()
        ]
        return NativeRequest(
            task=_TASK,
            payload={
                "photos": rows,
                "options": self.options.model_dump(),
                "workspace": str(self.workspace.root.absolute()),
            },
            log=self.workspace.logs_dir / f"photos-{child}.log",
        )

    def _hear(self, child: int, event: Event) -> None:
        if event["event"] == "reading":
            self._being_read[child] = (event["index"], time.monotonic())
            return
        values = dict(event["photo"])
        if event["event"] == "rejected":
            self.found[values["index"]] = RejectedPhoto(**values)
        else:
            quality = PhotoQuality(**values.pop("quality"))
            path = self.workspace.photo(values["index"])
            self.found[values["index"]] = Photo(**values | {"quality": quality, "path": path})
        del self._being_read[child]
        self._tell()

    def _tell(self) -> None:
        """In the order of the sources, whichever child is ahead."""
        while self._num_told in self.found:
            self._num_accepted += isinstance(self.found[self._num_told], Photo)
            self._num_told += 1
            self.progress.update(
                self._num_told,
                num_accepted=self._num_accepted,
                num_rejected=self._num_told - self._num_accepted,
            )

    def _check(self) -> None:
        self.progress.check()
        if self._late():
            raise _TookTooLong

    def _late(self) -> list[int]:
        began_before_s = time.monotonic() - DECODE_TIMEOUT_S
        return [index for index, began_s in self._being_read.values() if began_s < began_before_s]

    def _reject(self, index: int, code: str, message: str) -> None:
        name = self.sources[index].name
        self.found[index] = RejectedPhoto(index=index, name=name, code=code, message=message)
        self._tell()


def _limit_this_process(options: PhotoOptions) -> None:
    """Memory beyond what is in use now, and the largest file; no core dumps of photos."""
    needed_bytes = max(_MIN_MEMORY_BYTES, round(options.max_megapixels * 1e6) * _BYTES_PER_PIXEL)
    in_use_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    for limit, value in (
        (resource.RLIMIT_AS, in_use_bytes + needed_bytes),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))


def _too_few(accepted: Sequence[Photo], rejected: Sequence[RejectedPhoto]) -> TooFewPhotos:
    reasons: Mapping[str, str] = {photo.name: photo.code for photo in rejected}
    read = f"{len(accepted)} of {len(accepted) + len(rejected)} files could be read as photos"
    named = ", ".join(f"{name} ({code})" for name, code in list(reasons.items())[:3])
    more = f" Not read: {named}{', …' if len(reasons) > 3 else ''}." if reasons else ""
    return TooFewPhotos(
        f"{read}; at least {MIN_NUM_PHOTOS} are needed.{more}", evidence={"rejected": reasons}
    )
