"""A job has the options that were served when it was made, keeps them, and says which they were."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from jobs import services
from jobs.models import Job, Preset
from jobs.presets import choose_preset, effective_options, versioned_options
from jobs.states import JobState
from mlops import services as serving
from mlops.models import Configuration
from mlops.rules import SHELL
from scene3d.engine.public import PRESETS, ReconstructionOptions
from tests.jobs.builders import make_done, make_ended, make_job
from tests.jobs.pages import Page
from tests.jobs.uploading import JOBS, photos, upload
from tests.mlops.serving.builders import WHY, make_candidate, make_experiment, person

pytestmark = pytest.mark.django_db

NAMES = ("a.jpg", "b.jpg", "c.jpg")


def promote(seed: int, preset: str = "standard", **changes: Any) -> Configuration:
    return serving.promote(make_candidate(preset=preset, seed=seed, **changes), SHELL, WHY)


def made(client: APIClient, **parts: Any) -> tuple[int, int]:
    """The version and the seed of a job that is made now."""
    response = upload(client, **({"photos": photos(*NAMES)} | parts))
    assert response.status_code == 202
    body = response.json()
    job = Job.objects.get(pk=body["id"])
    assert body["configuration_version"] == job.configuration_version
    options = ReconstructionOptions.from_dict(job.options)
    assert job.options_fingerprint == options.fingerprint()
    return job.configuration_version, options.seed


def test_new_jobs_follow_promotions_and_roll_backs(alice_api: APIClient) -> None:
    assert made(alice_api) == (0, 0)
    promote(1)
    assert made(alice_api) == (1, 1)
    promote(2)
    assert made(alice_api) == (2, 2)
    assert made(alice_api, preset="quick") == (2, 0)
    serving.roll_back(None, SHELL, WHY)
    assert made(alice_api) == (3, 1)
    serving.roll_back(0, SHELL, WHY)
    assert made(alice_api) == (4, 0)


def test_jobs_that_are_there_keep_theirs(alice: User, alice_api: APIClient) -> None:
    """Waiting, running, ended, and tried again."""
    promote(1)
    made(alice_api)
    job = Job.objects.get()
    frozen = (job.configuration_version, job.options, job.options_fingerprint)

    def current() -> tuple[Any, ...]:
        job.refresh_from_db()
        return (job.configuration_version, job.options, job.options_fingerprint)

    promote(2)
    assert (job.state, current()) == (JobState.QUEUED, frozen)
    lease = services.claim(job.pk)
    assert lease is not None
    serving.roll_back(0, SHELL, WHY)
    assert current() == frozen
    services.mark_cancelled(lease)
    services.retry(job)
    assert (job.state, current()) == (JobState.QUEUED, frozen)
    assert frozen[0] == 1


def test_overrides_and_wishes_win_over_what_is_served(alice_api: APIClient, limits: Any) -> None:
    limits(max_points=1000)
    promote(1, options=PRESETS["standard"].options.merged({"seed": 1, "cloud": {"max_points": 7}}))
    preset = choose_preset("standard")
    assert effective_options(preset, {}).cloud.max_points == 1000
    preset.overrides = {"seed": 5}
    assert versioned_options(preset, {})[0].seed == 5
    assert versioned_options(preset, {"seed": 6})[0].seed == 6
    assert versioned_options(preset, {"seed": 6})[1] == 1


def test_presets_of_the_server_follow_their_base(db: None) -> None:
    promote(3, "quick")
    own = Preset(name="own", base="quick", overrides={"features": {"max_keypoints": 500}})
    options = effective_options(own, {})
    assert (options.seed, options.features.max_keypoints) == (3, 500)


def test_options_of_another_engine_do_not_stop_uploads(
    alice_api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    promote(1)
    Configuration.objects.update(options={"standard": {"seed": 1, "gone": 2}})
    assert made(alice_api) == (1, 0)
    assert "the engine's own standard is served instead" in caplog.text


def test_overrides_that_do_not_fit_what_is_served_do_not_stop_uploads(
    alice_api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Both are right by themselves: learned features are served, the operator wants SIFT."""
    learned = {
        "seed": 1, "features": {"extractor": "aliked-n16"}, "matching": {"matcher": "lightglue"},
    }  # fmt: skip
    promote(1, options=PRESETS["standard"].options.merged(learned))
    assert made(alice_api) == (1, 1)
    Preset.objects.filter(name="standard").update(overrides={"features": {"extractor": "sift"}})
    assert made(alice_api) == (1, 0)
    assert "preset standard: its overrides do not fit what is served" in caplog.text


def test_a_request_sent_again_after_a_promotion_is_the_same(alice_api: APIClient) -> None:
    first = upload(alice_api, key="k-1", photos=photos(*NAMES))
    promote(1)
    second = upload(alice_api, key="k-1", photos=photos(*NAMES))
    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])
    assert second.json()["configuration_version"] == 0


def test_the_presets_on_offer_are_those_that_are_served(alice_api: APIClient) -> None:
    promote(8)
    seeds = {
        row["name"]: row["options"]["seed"] for row in alice_api.get("/api/v1/presets/").json()
    }
    assert seeds == {"quick": 0, "standard": 8, "thorough": 0}


def job_page(client: Client, job: Job) -> Page:
    return Page(client.get(reverse("jobs:detail", args=[job.pk])))


def test_the_page_names_the_version(alice: User, alice_portal: Client) -> None:
    promote(1)
    job = make_done(alice, configuration_version=1)
    page = job_page(alice_portal, job)
    assert page.text.count("Configuration 1") == 2
    assert [link["href"] for link in page.all("a") if "admin" in link["href"]] == []
    own = job_page(alice_portal, make_ended(alice, JobState.FAILED))
    assert "Configuration 0 (the engine's own presets)" in own.text


def test_operators_get_from_a_result_to_what_it_was_made_with(portal_of: Any) -> None:
    olga = person("olga", "operators")
    experiment = make_experiment("Sunday")
    serving.promote(make_candidate(experiment, seed=1), SHELL, WHY)
    promote(2, "quick")
    standard, quick = (
        make_done(olga, configuration_version=2, preset=p) for p in ("standard", "quick")
    )
    page = job_page(portal_of(olga), standard)
    configuration = reverse("admin:mlops_configuration_change", args=[2])
    assert len(page.all("a", href=configuration)) == 2
    assert page.one("a", href=reverse("admin:mlops_experiment_change", args=[experiment.pk]))
    assert "(from the experiment Nightly )" in job_page(portal_of(olga), quick).text


def test_a_preset_that_is_gone_has_no_origin(portal_of: Any) -> None:
    olga = person("olga", "operators")
    promote(1)
    job = make_done(olga, configuration_version=1, preset="gone")
    assert "from the experiment" not in job_page(portal_of(olga), job).text


def test_a_version_lists_its_results(alice: User, operator: User, portal_of: Any) -> None:
    promote(1)
    promote(2)
    done = make_done(alice, name="Old gate", configuration_version=1)
    make_job(alice, name="Bridge", configuration_version=1)
    make_job(alice, name="Other", configuration_version=2)
    path = reverse("admin:mlops_configuration_change", args=[1])
    page = Page(portal_of(operator).get(path))
    assert "2 jobs with this version: 1 waiting, 1 done" in page.text
    assert "Old gate standard Done 2 of 3" in page.text
    assert page.one("a", href=reverse("admin:jobs_job_change", args=[done.pk]))
    assert "Other" not in page.text
    without = Page(portal_of(person("olga", "operators")).get(path))
    assert "2 jobs with this version: 1 waiting, 1 done" in without.text
    assert "Old gate" not in without.text


def test_a_version_without_results_says_so(operator: User, portal_of: Any) -> None:
    promote(1)
    path = reverse("admin:mlops_configuration_change", args=[1])
    assert "No job has used this version." in Page(portal_of(operator).get(path)).text


def test_many_results_are_counted_and_the_rest_is_a_link_away(
    alice: User, operator: User, portal_of: Any
) -> None:
    promote(1)
    for _ in range(21):
        make_job(alice, configuration_version=1)
    client = portal_of(operator)
    page = Page(client.get(reverse("admin:mlops_configuration_change", args=[1])))
    assert "21 jobs with this version: 21 waiting · all of them" in page.text
    [link] = [link["href"] for link in page.all("a") if "configuration_version" in link["href"]]
    assert link == "/admin/jobs/job/?configuration_version__exact=1"
    assert "21 jobs" in Page(client.get(link)).text


def test_the_admin_of_a_job_leads_to_its_version(
    alice: User, operator: User, portal_of: Any
) -> None:
    promote(1)
    path = reverse("admin:jobs_job_change", args=[make_job(alice, configuration_version=1).pk])
    link = reverse("admin:mlops_configuration_change", args=[1])
    assert Page(portal_of(operator).get(path)).one("a", href=link)
    own = reverse("admin:jobs_job_change", args=[make_job(alice).pk])
    assert "The engine's own presets" in Page(portal_of(operator).get(own)).text


def test_the_api_names_the_version(alice: User, alice_api: APIClient) -> None:
    job = make_job(alice, configuration_version=3)
    assert alice_api.get(JOBS).json()["results"][0]["configuration_version"] == 3
    assert alice_api.get(f"{JOBS}{job.pk}/").json()["configuration_version"] == 3
