"""Arrays that lie on disk between the steps, so that memory does not grow with the photos."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Value = TypeVar("Value")

_BYTES_PER_PIXEL = 220
"""Of one photo that is worked on, with its neighbours one after the other."""
_MIB = 1 << 20


class Store:
    """A folder of arrays by name."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def put(self, name: str, values: NDArray[Any]) -> None:
        np.save(self._folder / f"{name}.npy", values)

    def get(self, name: str) -> NDArray[Any]:
        """Raises: FileNotFoundError."""
        values: NDArray[Any] = np.load(self._folder / f"{name}.npy")
        return values

    def has(self, name: str) -> bool:
        return (self._folder / f"{name}.npy").is_file()

    def drop(self, name: str) -> None:
        (self._folder / f"{name}.npy").unlink(missing_ok=True)


def num_workers(num_threads: int, memory_budget_mib: int, num_pixels: int) -> int:
    """Photos of so many pixels that may be worked on at once."""
    return max(
        1, min(num_threads, memory_budget_mib * _MIB // 2 // (_BYTES_PER_PIXEL * num_pixels))
    )


def in_parallel(
    work: Callable[[Item], Value], items: Sequence[Item], num_workers: int
) -> Generator[Value]:
    """Results in order, as they come; whoever stops asking ends the rest."""
    with ThreadPoolExecutor(num_workers) as pool:
        waiting: list[Future[Value]] = []
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > num_workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def opencv_threads(num_threads: int) -> Iterator[None]:
    """OpenCV takes a thread per core otherwise, in each of our own."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(num_threads)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
