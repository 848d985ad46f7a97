"""What other rooms get: options that always work, and the version that they come from."""

import pytest

from accounts.models import User
from mlops import services
from mlops.models import Configuration
from mlops.public import active_version, served_options
from scene3d.engine.public import PRESETS
from tests.mlops.serving.builders import WHY, make_candidate, tuned

pytestmark = pytest.mark.django_db


def test_a_new_server_serves_the_engines_own() -> None:
    assert active_version() == 0
    for name, preset in PRESETS.items():
        assert served_options(name) == (preset.options, 0)


def test_what_was_promoted_is_served_and_the_rest_is_the_engines(olga: User) -> None:
    services.promote(make_candidate(seed=5), olga, WHY)
    assert active_version() == 1
    assert served_options("standard") == (tuned(seed=5), 1)
    assert served_options("quick") == (PRESETS["quick"].options, 1)


@pytest.mark.parametrize("change", [{"gone": {"a": 1}}, {"seed": -1}, {"features": "sift"}])
def test_options_of_another_engine_do_no_harm(
    olga: User, change: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    services.promote(make_candidate(), olga, WHY)
    Configuration.objects.update(options={"standard": {**tuned().to_dict(), **change}})
    assert served_options("standard") == (PRESETS["standard"].options, 1)
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    message = record.getMessage()
    assert message.startswith("Configuration 1: the engine's own standard is served instead: ")


def test_options_that_were_not_there_yet_have_the_engines_value(olga: User) -> None:
    services.promote(make_candidate(seed=5), olga, WHY)
    older = tuned(seed=5).to_dict()
    del older["second_look"]
    Configuration.objects.update(options={"standard": older})
    assert served_options("standard") == (tuned(seed=5), 1)
