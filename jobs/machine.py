"""What a worker sees of its machine: load, memory, graphics cards. Workers only."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml

logger = logging.getLogger(__name__)


def read_machine() -> dict[str, Any]:
    """load (over one minute, of all cores: 1 is full), memory_available_bytes, memory_total_bytes,
    and gpus, see `read_gpus`; what this system does not tell is None."""
    memory = _memory()
    return {
        "load": os.getloadavg()[0] / (os.cpu_count() or 1),
        "memory_available_bytes": memory.get("MemAvailable"),
        "memory_total_bytes": memory.get("MemTotal"),
        "gpus": read_gpus(),
    }


def read_gpus() -> list[dict[str, Any]]:
    """A row per NVIDIA card: index, name, memory_used_bytes, memory_total_bytes, utilization (0 to
    1); what the driver does not tell is None. Empty without a card or a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_read(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError as error:
        logger.warning("the graphics cards cannot be looked at: %s", error)
        return []
    finally:
        pynvml.nvmlShutdown()


def _memory() -> dict[str, int]:
    """Bytes by Linux's names; empty elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return {}
    rows = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kibibytes) << 10 for name, kibibytes, _ in rows}


def _read(index: int) -> dict[str, Any]:
    card = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = _told(pynvml.nvmlDeviceGetMemoryInfo, card)
    load = _told(pynvml.nvmlDeviceGetUtilizationRates, card)  # None on a partitioned card
    return {
        "index": index,
        "name": str(_told(pynvml.nvmlDeviceGetName, card)),
        "memory_used_bytes": memory.used if memory else None,
        "memory_total_bytes": memory.total if memory else None,
        "utilization": load.gpu / 100 if load else None,
    }


def _told(ask: Callable[[Any], Any], card: Any) -> Any:
    try:
        return ask(card)
    except pynvml.NVMLError:
        return None
