"""Nothing is lost, doubled or moved on its way through batches, whatever the GPU's memory holds."""

import threading
from collections.abc import Iterator, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.errors import GpuMemoryFull, HostProblem
from scene3d.engine.features.batches import Batches, loaded_ahead


class Doubling:
    """A network that has memory for so many items at once."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.tried: list[int] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.tried.append(len(items))
        if len(items) > self.capacity:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return [2 * item for item in items]


@settings(derandomize=True)
@given(num_items=st.integers(0, 60), size=st.integers(1, 20), capacity=st.integers(1, 20))
def test_every_item_goes_through_once_and_in_order(
    num_items: int, size: int, capacity: int
) -> None:
    network = Doubling(capacity)
    batches = Batches(size)
    assert list(batches.run(range(num_items), network)) == [2 * n for n in range(num_items)]
    passed = [count for count in network.tried if count <= capacity]
    assert sum(passed) == num_items
    assert all(count <= size for count in network.tried)
    assert min(size, num_items, capacity) // 2 <= max(passed, default=1) <= capacity


def test_a_batch_that_is_too_large_is_halved_and_stays_so() -> None:
    network, batches = Doubling(capacity=5), Batches(16)
    assert list(batches.run(range(20), network)) == [2 * n for n in range(20)]
    assert network.tried == [16, 8, 4, 4, 4, 4, 4]
    assert list(batches.run(range(6), network)) == [2 * n for n in range(6)]
    assert network.tried[7:] == [4, 2]


def test_one_item_that_is_too_large_is_a_problem_of_this_machine() -> None:
    network = Doubling(capacity=0)
    with pytest.raises(GpuMemoryFull) as caught:
        list(Batches(4).run(range(8), network))
    assert network.tried == [4, 2, 1]
    assert isinstance(caught.value, HostProblem)
    assert caught.value.code == "gpu_memory_full"
    assert "SCENE3D_DEVICE" in caught.value.next_step


def test_other_errors_are_not_retried() -> None:
    def broken(items: Sequence[int]) -> list[int]:
        raise RuntimeError(f"wrong shape: {len(items)}")

    with pytest.raises(RuntimeError, match="wrong shape: 3"):
        list(Batches(3).run(range(9), broken))


def test_no_more_items_are_taken_than_the_next_batch_needs() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    results = Batches(4).run(items(), Doubling(capacity=4))
    assert [next(results) for _ in range(4)] == [0, 2, 4, 6]
    assert taken == [0, 1, 2, 3]
    assert next(results) == 8
    assert taken == [0, 1, 2, 3, 4, 5, 6, 7]


@settings(derandomize=True)
@given(
    items=st.lists(st.integers(), max_size=30),
    num_threads=st.integers(1, 4),
    num_ahead=st.integers(0, 8),
)
def test_items_are_loaded_once_and_in_order(
    items: list[int], num_threads: int, num_ahead: int
) -> None:
    loaded = loaded_ahead(items, lambda n: [n], num_threads=num_threads, num_ahead=num_ahead)
    assert list(loaded) == [[n] for n in items]


def test_the_next_items_load_while_one_is_worked_on() -> None:
    started = [threading.Event() for _ in range(6)]

    def load(item: int) -> int:
        started[item].set()
        return item

    loaded = loaded_ahead(range(6), load, num_threads=2, num_ahead=3)
    assert next(loaded) == 0
    assert all(event.wait(10) for event in started[:4])
    assert not started[4].is_set()
    assert next(loaded) == 1
    assert started[4].wait(10)


def test_what_cannot_be_loaded_is_raised_in_its_turn() -> None:
    def load(item: int) -> float:
        return 1 / (item - 2)

    loaded = loaded_ahead(range(5), load, num_threads=2, num_ahead=4)
    assert [next(loaded), next(loaded)] == [-0.5, -1.0]
    with pytest.raises(ZeroDivisionError):
        next(loaded)
