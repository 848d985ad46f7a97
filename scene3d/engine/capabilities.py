"""What this machine can run, found out by trying."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from scene3d.engine.errors import HostProblem
from scene3d.engine.host import Device, Host
from scene3d.engine.native.run import NativeRequest, run_native
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.presets import PRESETS
from scene3d.engine.report import installed_versions
from scene3d.engine.weights import LIGHTGLUE_NAME, MANIFEST, WeightStore, weights_needed

BATCH_SIZES: Mapping[Device, int] = {"cpu": 1, "cuda": 16}
"""One photo keeps all cores busy, and a pair alone needs no padding."""


def open_host(
    store: Path, device: Literal["auto", "cpu", "cuda"] = "auto", num_threads: int | None = None
) -> Host:
    """A host with the weights in `store`; auto takes an NVIDIA GPU where torch can use it."""
    chosen: Device = ("cuda" if _has_cuda() else "cpu") if device == "auto" else device
    return Host(
        weights=WeightStore(store),
        device=chosen,
        num_threads=num_threads or len(os.sched_getaffinity(0)),
        batch_size=BATCH_SIZES[chosen],
    )


def probe_host(host: Host) -> dict[str, Any]:
    """Versions, device, weights and presets with what stops each of them, as JSON values."""
    weights = {name: host.weights.has(name) for name in MANIFEST}
    return {
        "device": host.device,
        "device_name": device_name(host),
        "num_threads": host.num_threads,
        "versions": installed_versions(),
        "colmap": _probe_colmap(),
        "weights": [
            {
                "name": entry.name,
                "licence": entry.licence,
                "sha256": entry.sha256,
                "is_available": weights[entry.name],
            }
            for entry in MANIFEST.values()
        ],
        "presets": {
            name: all(weights[entry.name] for entry in weights_needed(preset.options))
            for name, preset in PRESETS.items()
        },
    }


def warm_up(options: ReconstructionOptions, host: Host) -> None:
    """Load every network that a run with `options` may use.

    Raises: WeightsMissing.
    """
    for entry in weights_needed(options):
        # Loading is torch's work; a host that serves SIFT alone goes without it.
        if entry.name == LIGHTGLUE_NAME:
            from scene3d.engine.matching.lightglue import load_lightglue  # noqa: PLC0415

            load_lightglue(host)
        else:
            from scene3d.engine.features.aliked import load_aliked  # noqa: PLC0415

            load_aliked(entry.name, host)


def device_name(host: Host) -> str:
    if host.device == "cpu":
        return f"{host.num_threads} processor cores"
    from scene3d.engine.features.cuda import gpu_name  # noqa: PLC0415  # needs torch

    return gpu_name()


def _probe_colmap() -> dict[str, Any]:
    """In a child, as always: a COLMAP that cannot start here must not take us with it."""
    with tempfile.TemporaryDirectory() as folder:
        request = NativeRequest(
            task="scene3d.engine.colmap.probe:probe", payload={}, log=Path(folder) / "probe.log"
        )
        try:
            [found] = run_native([request], lambda _child, _event: None, lambda: None)
        except HostProblem as problem:
            return {"works": False, **problem.evidence}
        return {"works": True, **found}


def _has_cuda() -> bool:
    """Without torch's seconds of start-up on machines that have no NVIDIA driver at all."""
    if not any(Path(sign).exists() for sign in ("/proc/driver/nvidia", "/dev/nvidiactl")):
        return False
    from scene3d.engine.features.cuda import is_usable  # noqa: PLC0415  # needs torch

    return is_usable()
