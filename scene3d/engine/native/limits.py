"""What a native child may take of the machine: it fails alone, before the machine does."""

import os
import resource
from pathlib import Path

_MEMORY_SHARE = 0.9
"""Of what there is. The rest is the worker's own, which holds the networks."""
_MAX_FILE_BYTES = 64 << 30
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def limit_this_process() -> None:
    """Memory, the size of one file, and no core dumps, which would fill the disk.

    Memory is what the process writes to (RLIMIT_DATA): address space as such costs nothing, and
    libraries reserve much more of it than they use.
    """
    _lower(resource.RLIMIT_DATA, int(_MEMORY_SHARE * available_bytes()))
    _lower(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0)


def available_bytes() -> int:
    """Of this machine's memory, or of the container's where that is less."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # not here, or "max"
            continue
    return min(limits)


def _lower(kind: int, value: int) -> None:
    """Never raise what somebody else has set."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or value < soft:
        resource.setrlimit(kind, (value, hard))
