"""Two people at once: one wins, the other is told, and nothing is half done."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import connection

from accounts.models import User
from mlops import services
from mlops.history import active_configuration
from mlops.models import AuditEntry, Candidate, Configuration
from scene3d.http.problem import Problem
from tests.mlops.serving.builders import WHY, make_candidate, person

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

Act = Callable[[], Configuration | None]


@pytest.fixture
def people(transactional_db: None) -> list[User]:
    return [person(name, "operators") for name in ("olga", "otto")]


@pytest.fixture
def _both_have_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody acts before both have seen what is served: the closest race there is."""
    together = threading.Barrier(2)

    def look() -> Configuration | None:
        seen = active_configuration()
        together.wait(10)
        return seen

    monkeypatch.setattr(services, "active_configuration", look)


def promote_anew(pk: int, who: User) -> Configuration:
    return services.promote(Candidate.objects.get(pk=pk), who, WHY)


def at_once(acts: Sequence[Act]) -> tuple[list[Configuration], list[Problem]]:
    """What came of acts in threads with connections of their own: winners and refusals."""
    won: list[Configuration] = []
    lost: list[Problem] = []

    def run(act: Act) -> None:
        try:
            if (configuration := act()) is not None:
                won.append(configuration)
        except Problem as problem:
            lost.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won, lost


def assert_one_of_each(won: list[Configuration], lost: list[Problem], version: int) -> None:
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].status == 409
    assert Configuration.objects.get(is_active=True) == won[0]
    assert won[0].version == version == Configuration.objects.count()
    assert AuditEntry.objects.count() == version


@pytest.mark.usefixtures("_both_have_looked")
def test_the_same_candidate(people: list[User]) -> None:
    pk = make_candidate().pk
    won, lost = at_once([partial(promote_anew, pk, who) for who in people])
    assert_one_of_each(won, lost, version=1)
    assert lost[0].code == "cannot_promote"
    assert lost[0].extra == {"state": "promoted"}


@pytest.mark.parametrize("num_before", [0, 1])
def test_two_candidates(
    people: list[User], num_before: int, request: pytest.FixtureRequest
) -> None:
    for seed in range(num_before):
        services.promote(make_candidate(seed=seed), people[0], WHY)
    rivals = [make_candidate(preset="quick"), make_candidate(preset="thorough")]
    request.getfixturevalue("_both_have_looked")
    pairs = zip(rivals, people, strict=True)
    won, lost = at_once([partial(services.promote, rival, who, WHY) for rival, who in pairs])
    assert_one_of_each(won, lost, version=num_before + 1)
    assert lost[0].code == "configuration_changed"
    states = {rival.preset: Candidate.objects.get(pk=rival.pk).state for rival in rivals}
    assert sorted(states.values()) == ["promoted", "waiting"]
    assert won[0].candidate is not None
    assert states[won[0].candidate.preset] == "promoted"


def test_a_promotion_and_a_roll_back(people: list[User], request: pytest.FixtureRequest) -> None:
    for seed in (1, 2):
        services.promote(make_candidate(seed=seed), people[0], WHY)
    candidate = make_candidate(seed=3)
    request.getfixturevalue("_both_have_looked")
    won, lost = at_once(
        [
            lambda: services.promote(candidate, people[0], WHY),
            lambda: services.roll_back(1, people[1], WHY),
        ]
    )
    assert_one_of_each(won, lost, version=3)
    assert lost[0].code == "configuration_changed"
    candidate.refresh_from_db()
    assert (candidate.state == "promoted") == (won[0].candidate == candidate)


def test_a_promotion_and_a_rejection(people: list[User]) -> None:
    candidate = make_candidate()
    together = threading.Barrier(2)

    def promote() -> Configuration:
        mine = Candidate.objects.get()
        together.wait(10)
        return services.promote(mine, people[0], WHY)

    def reject() -> None:
        mine = Candidate.objects.get()
        together.wait(10)
        services.reject(mine, people[1], WHY)

    won, lost = at_once([promote, reject])
    candidate.refresh_from_db()
    assert candidate.state == ("promoted" if won else "rejected")
    assert [problem.status for problem in lost] == [409]
    assert Configuration.objects.count() == len(won)
    assert AuditEntry.objects.count() == 1
