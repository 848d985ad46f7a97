"""Where collectors are registered: where every web process serves them."""

from prometheus_client import REGISTRY

from scene3d.http.metrics import COMPUTED, DatabaseCollector

OURS = ("scene3d", "jobs", "mlops", "drift", "accounts")


def rooms_of(collectors: object) -> set[str]:
    return {type(collector).__module__.split(".")[0] for collector in collectors}  # type: ignore[attr-defined]


def test_ours_are_computed_and_not_counted() -> None:
    """With several web processes, what is in prometheus_client's own registry is not served."""
    counted = list(REGISTRY._collector_to_names)
    assert rooms_of(counted).isdisjoint(OURS)
    computed = list(COMPUTED._collector_to_names)
    assert {"jobs", "mlops"} <= rooms_of(computed) <= set(OURS)
    assert any(isinstance(collector, DatabaseCollector) for collector in computed)
