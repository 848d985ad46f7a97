"""The operators' pages: everything to decide by, buttons that work, and nothing else to change."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mlops import services
from mlops.models import AuditEntry, Candidate, Configuration, ExperimentStage
from tests.jobs.pages import Page
from tests.mlops.serving.builders import (
    REFUSED,
    WHY,
    everything,
    make_candidate,
    make_experiment,
    served_seeds,
)

MODELS = ["experiment", "candidate", "configuration", "auditentry"]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: User, row: Any) -> Page:
    name = row._meta.model_name
    return Page(client_of(user).get(reverse(f"admin:mlops_{name}_change", args=[row.pk])))


def act_path(candidate: Candidate, act: str) -> str:
    return reverse("admin:mlops_candidate_act", args=[candidate.pk, act])


def buttons(page: Page) -> list[str]:
    return [link["href"].rstrip("/").rsplit("/", 1)[-1] for link in page.all("a", class_="button")]


@pytest.fixture
def rows(olga: User) -> dict[str, Any]:
    candidate = make_candidate()
    ExperimentStage.objects.create(experiment=candidate.experiment, name="validate", position=0)
    configuration = services.promote(candidate, olga, WHY)
    return {
        "experiment": candidate.experiment,
        "candidate": candidate,
        "configuration": configuration,
        "auditentry": AuditEntry.objects.get(),
    }


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_details_load(olga: User, rows: dict[str, Any], model: str) -> None:
    listed = Page(client_of(olga).get(reverse(f"admin:mlops_{model}_changelist")))
    detail = page_of(olga, rows[model])
    assert (listed.status, detail.status) == (200, 200)
    assert rows["candidate"].trial in listed.text or model in {"experiment"}
    assert str(rows[model]) in detail.text


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted_by_hand(
    operator: User, rows: dict[str, Any], model: str
) -> None:
    before = everything()
    client, pk = client_of(operator), rows[model].pk
    assert client.get(reverse(f"admin:mlops_{model}_add")).status_code == 403
    change = reverse(f"admin:mlops_{model}_change", args=[pk])
    assert client.post(change, {"reason": "x", "state": "waiting"}).status_code == 403
    delete = reverse(f"admin:mlops_{model}_delete", args=[pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert everything() == before


def test_an_experiment_that_went_wrong_says_so_first(olga: User) -> None:
    experiment = make_experiment(
        state="errored", error_code="disk_full", error_message="No space.", traceback="Trace"
    )
    text = page_of(olga, experiment).text
    assert text.index("What went wrong") < text.index("disk_full") < text.index("No space.")
    assert "What went wrong" not in page_of(olga, make_experiment()).text


def test_a_candidate_shows_what_to_decide_by(olga: User) -> None:
    candidate = make_candidate(seed=7)
    page = page_of(olga, candidate)
    for words in (
        "Waiting for a person",
        "Passed Score 61.00 against 58.50: +2.50.",
        "Score 61.00 % 58.50 % +2.50 better",
        "castle 63.50 % 56.00 % +7.50 better",
        "front 58.50 % 61.00 % -2.50 worse",
        "seed 0 7",
    ):
        assert words in page.text
    assert page.all("a", href=candidate.experiment.tracking_url)
    assert buttons(page) == ["promote", "reject", "shadow"]


def test_a_refused_candidate_has_its_reasons_and_no_buttons(operator: User) -> None:
    page = page_of(operator, make_candidate(reasons=REFUSED))
    assert "Refused 1.90 times, at most 1.50 wanted." in page.text
    assert "nobody can promote this candidate" in page.text
    assert buttons(page) == []


def test_the_promote_button(olga: User) -> None:
    candidate = make_candidate(seed=3)
    client, path = client_of(olga), act_path(candidate, "promote")
    form = Page(client.get(path))
    assert form.status == 200
    assert "New jobs with the preset “standard” will use these options." in form.text
    assert form.one("textarea", name="reason")
    done = Page(client.post(path, {"reason": WHY}, follow=True))
    assert "Configuration 1 is served now." in done.text
    assert f"Promoted by olga, {candidate.created_at:%-d %b %Y}" in done.text
    assert buttons(done) == []
    assert served_seeds() == {"standard": 3}
    assert AuditEntry.objects.get().who == olga


def test_the_reject_button(olga: User) -> None:
    candidate = make_candidate()
    client, path = client_of(olga), act_path(candidate, "reject")
    assert client.get(path).status_code == 200
    assert (
        "The candidate is rejected." in Page(client.post(path, {"reason": WHY}, follow=True)).text
    )
    assert Candidate.objects.get().state == "rejected"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_button_without_a_reason_asks_again(olga: User, reason: str) -> None:
    path = act_path(make_candidate(), "promote")
    before = everything()
    page = Page(client_of(olga).post(path, {"reason": reason}))
    assert (page.status, "This field is required." in page.text) == (200, True)
    assert everything() == before


def test_a_refusal_is_told_with_its_next_step(olga: User) -> None:
    path = act_path(make_candidate(reasons=REFUSED), "promote")
    before = everything()
    for response in (client_of(olga).get(path), client_of(olga).post(path, {"reason": WHY})):
        page = Page(response)
        assert page.status == 409
        assert "Not every gate has passed: max_time_ratio." in page.text
        assert "run it again." in page.text
        assert page.all("textarea") == []
    assert everything() == before


@pytest.mark.usefixtures("approval")
def test_two_people_on_the_pages(olga: User, ada: User) -> None:
    candidate = make_candidate()
    assert buttons(page_of(olga, candidate)) == ["propose", "reject", "shadow"]
    page = page_of(ada, candidate)
    assert buttons(page) == ["reject"]
    assert "nobody has proposed this candidate yet" in page.text
    path = act_path(candidate, "propose")
    proposed = Page(client_of(olga).post(path, {"reason": "Sharper."}, follow=True))
    assert "Waiting for approval" in proposed.text
    assert "Proposed by olga" in proposed.text
    assert buttons(page_of(ada, candidate)) == ["promote", "reject"]
    client_of(ada).post(act_path(candidate, "promote"), {"reason": "Yes."})
    assert Configuration.objects.get().created_by == ada


@pytest.mark.usefixtures("approval")
def test_the_same_person_is_refused(operator: User) -> None:
    candidate = make_candidate()
    services.propose(candidate, operator, WHY)
    page = Page(client_of(operator).post(act_path(candidate, "promote"), {"reason": WHY}))
    assert page.status == 403
    assert "whoever proposed a candidate cannot promote it" in page.text
    assert not Configuration.objects.exists()


def test_other_champions_are_pointed_out(olga: User) -> None:
    experiment = make_experiment()
    candidate = make_candidate(experiment, seed=1)
    assert "than those that this candidate was compared with" not in page_of(olga, candidate).text
    services.promote(make_candidate(seed=2), olga, WHY)
    assert "than those that this candidate was compared with" in page_of(olga, candidate).text


def test_the_roll_back_buttons(olga: User) -> None:
    first, second = (services.promote(make_candidate(seed=seed), olga, WHY) for seed in (1, 2))
    assert buttons(page_of(olga, first)) == buttons(page_of(olga, second)) == ["1"]
    client, path = client_of(olga), reverse("admin:mlops_configuration_roll_back", args=[1])
    assert "New jobs will use the options of configuration 1" in Page(client.get(path)).text
    done = Page(client.post(path, {"reason": "Blurred doors."}, follow=True))
    assert "Configuration 3 is served now." in done.text
    assert served_seeds() == {"standard": 1}
    third = Configuration.objects.get(version=3)
    page = page_of(olga, third)
    assert "Served now · restores configuration 1" in page.text
    assert buttons(page) == ["0"]
    own = reverse("admin:mlops_configuration_roll_back", args=[0])
    assert "the engine's own presets" in Page(client.get(own)).text
    client.post(own, {"reason": WHY})
    assert served_seeds() == {}
    assert buttons(page_of(olga, Configuration.objects.get(version=4))) == []


def test_a_roll_back_that_would_change_nothing_is_told(olga: User) -> None:
    services.promote(make_candidate(), olga, WHY)
    path = reverse("admin:mlops_configuration_roll_back", args=[1])
    page = Page(client_of(olga).post(path, {"reason": WHY}, follow=True))
    assert "The options of configuration 1 are served already." in page.text
    assert Configuration.objects.count() == 1


def test_approvers_do_not_roll_back(olga: User, ada: User) -> None:
    first = services.promote(make_candidate(), olga, WHY)
    assert buttons(page_of(ada, first)) == []
    path = reverse("admin:mlops_configuration_roll_back", args=[0])
    assert client_of(ada).post(path, {"reason": WHY}).status_code == 403
    assert Configuration.objects.count() == 1


def test_a_configuration_shows_what_it_changes_and_where_it_came_from(olga: User) -> None:
    services.promote(make_candidate(preset="quick", seed=4), olga, WHY)
    configuration = services.promote(make_candidate(make_experiment("Sunday"), seed=6), olga, WHY)
    page = page_of(olga, configuration)
    assert "Quick From quick-4 of the experiment Nightly" in page.text
    assert "Standard From standard-6 of the experiment Sunday" in page.text
    assert "Thorough The engine's own." in page.text
    assert page.all("a", href=configuration.candidate.experiment.tracking_url)  # type: ignore[union-attr]  # a promotion


def test_people_without_rights_see_nothing(eve: User, alice: User, rows: dict[str, Any]) -> None:
    candidate = rows["candidate"]
    own = reverse("admin:mlops_configuration_roll_back", args=[1])
    paths = [reverse(f"admin:mlops_{model}_changelist") for model in MODELS]
    for path in (*paths, act_path(candidate, "promote"), own):
        assert client_of(eve).get(path).status_code == 403
        response = client_of(alice).get(path)
        assert (response.status_code, response.headers["Location"]) == (
            302, f"/admin/login/?next={path}",
        )  # fmt: skip


@pytest.mark.parametrize("act", ["roll_back", "approve", "x"])
def test_no_other_acts(olga: User, act: str) -> None:
    assert client_of(olga).get(act_path(make_candidate(), act)).status_code == 404


def test_what_is_not_there(olga: User) -> None:
    client = client_of(olga)
    assert client.get(reverse("admin:mlops_candidate_act", args=[99, "promote"])).status_code == 404
    assert client.get(reverse("admin:mlops_configuration_roll_back", args=[9])).status_code == 404
