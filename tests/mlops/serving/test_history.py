"""Roll-backs are new versions, and history can always tell where options came from."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from mlops import services
from mlops.history import active_configuration, previous_version, served_at, sources_of
from mlops.models import AuditEntry, Configuration
from mlops.public import active_version, source_of
from mlops.rules import SHELL
from scene3d.http.problem import Problem
from tests.mlops.serving.builders import (
    WHY,
    everything,
    make_candidate,
    make_experiment,
    served_seeds,
)


@pytest.fixture
def promoted(olga: User) -> Callable[..., Configuration]:
    def promote(seed: int, preset: str = "standard") -> Configuration:
        return services.promote(make_candidate(preset=preset, seed=seed), olga, WHY)

    return promote


def refusal(version: int | None, who: Any, reason: str = WHY) -> Problem:
    before = everything()
    with pytest.raises(Problem) as refused:
        services.roll_back(version, who, reason)
    assert everything() == before
    assert refused.value.next_step
    return refused.value


def test_a_roll_back_is_a_new_version(olga: User, promoted: Callable[..., Configuration]) -> None:
    first, _ = promoted(1), promoted(2)
    restored = services.roll_back(1, olga, "Blurred doors.")
    stored = Configuration.objects.get(is_active=True)
    assert (stored.version, stored.restores, stored.candidate) == (3, first, None)
    assert (stored.options, stored.restored_version) == (first.options, 1)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.act, entry.who, entry.reason) == ("roll_back", olga, "Blurred doors.")
    assert (entry.candidate, entry.configuration) == (None, restored)
    assert Configuration.objects.count() == AuditEntry.objects.count() == 3


def test_back_to_the_engines_own(olga: User, promoted: Callable[..., Configuration]) -> None:
    promoted(1)
    restored = services.roll_back(None, olga, WHY)
    assert (restored.version, restored.options, restored.restores) == (2, {}, None)
    assert restored.restored_version == 0
    assert previous_version(restored) is None
    assert refusal(None, olga).code == "nothing_to_restore"
    assert refusal(0, olga).code == "already_served"
    assert services.roll_back(1, olga, WHY).options["standard"]["seed"] == 1


def test_going_back_twice_goes_further_back(
    olga: User, promoted: Callable[..., Configuration]
) -> None:
    """Not forward again, to what the first roll-back got rid of."""
    for seed in (1, 2, 3):
        promoted(seed)
    seeds = []
    for _ in range(3):
        services.roll_back(None, olga, WHY)
        seeds.append(served_seeds())
    assert seeds == [{"standard": 2}, {"standard": 1}, {}]
    restored = Configuration.objects.order_by("version").values_list("restores_id", flat=True)
    assert list(restored) == [None, None, None, 2, 1, None]


def test_what_followed_a_roll_back_goes_back_to_it(
    olga: User, promoted: Callable[..., Configuration]
) -> None:
    promoted(1), promoted(2)
    services.roll_back(None, olga, WHY)
    promoted(4)
    assert services.roll_back(None, olga, WHY).restored_version == 3
    assert served_seeds() == {"standard": 1}
    assert services.roll_back(None, olga, WHY).restored_version == 0


def test_what_cannot_be_restored(
    olga: User, eve: User, ada: User, promoted: Callable[..., Configuration]
) -> None:
    assert refusal(None, olga).code == "nothing_to_restore"
    promoted(1), promoted(2)
    unknown = refusal(3, olga)
    assert (unknown.status, unknown.code) == (404, "version_unknown")
    assert refusal(-1, olga).code == "version_unknown"
    assert refusal(2, olga).code == "already_served"
    assert refusal(1, olga, " ").code == "reason_needed"
    for stranger in (eve, ada):
        denied = refusal(1, stranger)
        assert (denied.status, denied.code) == (403, "permission_denied")
    services.roll_back(1, olga, WHY)
    assert refusal(1, olga).code == "already_served"


def test_what_was_served_when(olga: User, promoted: Callable[..., Configuration]) -> None:
    before = make_experiment()
    first = promoted(1)
    between = make_experiment()
    second = promoted(2)
    assert served_at(before.created_at) is None
    assert served_at(between.created_at) == first
    assert served_at(second.created_at) == second


ACTS = st.one_of(
    st.tuples(st.just("promote"), st.sampled_from(["quick", "standard", "thorough"])),
    st.tuples(st.just("roll back"), st.integers(0, 12)),
    st.tuples(st.just("back"), st.none()),
)


@pytest.mark.django_db
@given(acts=st.lists(ACTS, max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_history_is_linear_and_knows_its_sources(acts: list[tuple[str, Any]]) -> None:
    """Beside a model of it."""
    served: list[dict[str, int]] = [{}]  # by version: preset to seed
    origins = [0]  # by version: whose options they were at first
    with transaction.atomic():
        experiment = make_experiment()
        for seed, (act, value) in enumerate(acts, start=1):
            if act == "promote":
                candidate = make_candidate(experiment, preset=value, seed=seed)
                services.promote(candidate, SHELL, WHY)
                origins.append(len(served))
                served.append({**served[-1], value: seed})
                continue
            version = value if act == "roll back" else origins[-1] - 1
            if refused := _expected_refusal(version, served):
                assert refusal(value, SHELL).code == refused
                continue
            assert services.roll_back(value, SHELL, WHY).restored_version == version
            origins.append(origins[version])
            served.append(served[version])
        versions = list(Configuration.objects.order_by("version"))
        assert [row.version for row in versions] == list(range(1, len(served)))
        assert [row.is_active for row in versions[-1:]] == [True][: len(versions)]
        assert sum(row.is_active for row in versions) == bool(versions)
        assert active_version() == len(served) - 1
        for row in versions:
            assert served_seeds(row) == served[row.version]
            sources = {name: c.options["seed"] for name, c in sources_of(row).items()}
            assert sources == served[row.version]
        transaction.set_rollback(True)


def _expected_refusal(version: int, served: list[dict[str, int]]) -> str | None:
    if version < 0:
        return "nothing_to_restore"
    if version >= len(served):
        return "version_unknown"
    return "already_served" if served[version] == served[-1] else None


def test_sources_of_one_preset(olga: User, promoted: Callable[..., Configuration]) -> None:
    promoted(1, "quick"), promoted(2, "standard")
    sources = [source_of(2, name) for name in ("quick", "standard", "thorough")]
    assert [source and source.trial for source in sources] == ["quick-1", "standard-2", None]
    assert source_of(0, "quick") is None
    assert source_of(9, "quick") is None
    assert active_configuration() == Configuration.objects.get(version=2)
