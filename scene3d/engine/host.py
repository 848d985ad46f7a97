"""What this machine brings to a run: threads, a device, weights that stay loaded."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from scene3d.engine.memory import keep_freed_memory
from scene3d.engine.weights import WeightStore

logger = logging.getLogger(__name__)

Device = Literal["cpu", "cuda"]
Network = TypeVar("Network")


@dataclass(frozen=True, kw_only=True)
class Host:
    """Lives as long as its process; nothing in it changes a result's meaning."""

    weights: WeightStore
    device: Device = "cpu"
    num_threads: int
    batch_size: int = 1
    """Photos, or pairs, that go through a network at once, at most."""
    _networks: dict[str, Any] = field(default_factory=dict, repr=False)
    network_loads: Counter[str] = field(default_factory=Counter)
    """How often each network was read from the store; 1 each in a healthy process."""

    def network(self, name: str, build: Callable[[bytes, Device], Network]) -> Network:
        """The network `name`, built from its weights on first use and kept.

        Args:
            build: gets the verified content of the weights file and the device.
        Raises: WeightsMissing.
        """
        if name not in self._networks:
            keep_freed_memory()
            started_s = time.monotonic()
            self._networks[name] = build(self.weights.read(name), self.device)
            self.network_loads[name] += 1
            logger.info(
                "loaded network %s on %s in %.1f s",
                name,
                self.device,
                time.monotonic() - started_s,
            )
        network: Network = self._networks[name]
        return network
