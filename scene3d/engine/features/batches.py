"""Work for a network, several items at a time, prepared in threads while the network works."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

from scene3d.engine.errors import GpuMemoryFull

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches:
    """As many items at once as the GPU's memory holds."""

    def __init__(self, size: int) -> None:
        self.size = size
        """Halved whenever it turns out to be too many."""

    def run(
        self, items: Iterable[Item], network: Callable[[Sequence[Item]], Sequence[Result]]
    ) -> Iterator[Result]:
        """`network`'s result for each item, in order; items are taken as they are needed.

        Raises: GpuMemoryFull, where there is no room for one.
        """
        source = iter(items)
        waiting: list[Item] = []
        while waiting := waiting + list(islice(source, max(0, self.size - len(waiting)))):
            batch = waiting[: self.size]
            try:
                results = network(batch)
            except torch.OutOfMemoryError as error:
                if len(batch) == 1:
                    raise GpuMemoryFull("The graphics card's memory is too small.") from error
                results = None
            if results is None:  # here the error is gone, which kept the batch's tensors alive
                self._halve(len(batch))
                continue
            yield from results
            del waiting[: len(batch)]

    def _halve(self, tried: int) -> None:
        self.size = tried // 2
        logger.warning("no GPU memory for %d at once, going on with %d", tried, self.size)
        torch.cuda.empty_cache()


def loaded_ahead(
    items: Iterable[Item], load: Callable[[Item], Result], *, num_threads: int, num_ahead: int
) -> Iterator[Result]:
    """`load` of each item, in order; threads load the next `num_ahead` while a caller works."""
    loading: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(num_threads) as pool:
        try:
            for item in items:
                loading.append(pool.submit(load, item))
                if len(loading) > num_ahead:
                    yield loading.popleft().result()
            while loading:
                yield loading.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
