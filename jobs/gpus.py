"""Graphics cards of this machine, as NVIDIA's driver sees them. Workers only."""

import logging
from collections.abc import Callable
from typing import Any

import pynvml

logger = logging.getLogger(__name__)


def read_gpus() -> list[dict[str, Any]]:
    """A row per card: index, name, memory_used_bytes, memory_total_bytes, utilization (0 to 1);
    what the driver does not tell is None. Empty without a card or a driver."""
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
