"""The portal's pages of experiments, as their readers see them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mlops import lifecycle
from mlops.charts import HEIGHT, WIDTH, score_charts
from mlops.experiment_folder import folder_of
from mlops.models import Candidate, Experiment
from mlops.shadows import Measures, ShadowResult, record_shadow
from scene3d.engine.public import PRESETS
from tests.http.streaming import body_of
from tests.jobs.pages import Page
from tests.mlops import experiments
from tests.mlops.experiments import BAD, GOOD, data_folder, spec_text
from tests.mlops.people import browser_of, operator, own_data_dir, staff, stranger

__all__ = ["operator", "own_data_dir", "staff", "stranger"]
pytestmark = pytest.mark.django_db


def page_of(user: User, address: str) -> Page:
    response = browser_of(user).get(address)
    assert response.status_code == 200, address
    return Page(response)


def detail(experiment: Experiment) -> str:
    return reverse("mlops:detail", args=[experiment.pk])


def addresses(experiment: Experiment) -> list[str]:
    base = detail(experiment)
    return [
        "/experiments/", "/experiments/new/", base, f"{base}live.json",
        f"{base}figures/similarity.png", f"{base}runs/{GOOD}/seed-0/plaza/points.ply",
        f"/experiments/compare/?a={experiment.pk}/champion&b={experiment.pk}/{GOOD}",
    ]  # fmt: skip


# ------------------------------------------------------------------ who may see what


def test_staff_and_operators_see_everything(staff: User, operator: User) -> None:
    for address in addresses(experiments.done()):
        for user in (staff, operator):
            assert browser_of(user).get(address).status_code == 200, address


def test_for_others_there_is_nothing(stranger: User) -> None:
    experiment = experiments.done()
    for address in addresses(experiment):
        assert browser_of(stranger).get(address).status_code == 404, address
        login = browser_of(None).get(address)
        assert (login.status_code, login["Location"].split("?")[0]) == (302, "/accounts/login/")
    for action in ("cancel", "run-again"):
        assert browser_of(stranger).post(f"{detail(experiment)}{action}/").status_code == 404
    assert browser_of(stranger).post("/experiments/new/", {"spec": "x"}).status_code == 404
    assert Experiment.objects.count() == 1


def test_only_they_have_the_link(staff: User, operator: User, stranger: User) -> None:
    for user, has_link in ((staff, True), (operator, True), (stranger, False)):
        links = [link["href"] for link in page_of(user, "/jobs/").all("a")]
        assert ("/experiments/" in links) == has_link


def test_experiments_that_are_not_there(staff: User) -> None:
    missing = "/experiments/00000000-0000-0000-0000-000000000000/"
    for address in (missing, f"{missing}live.json", f"{missing}figures/similarity.png"):
        assert browser_of(staff).get(address).status_code == 404


# -------------------------------------------------------------------------- the list


def test_the_empty_list_says_what_experiments_are_for(staff: User) -> None:
    page = page_of(staff, "/experiments/")
    assert "Start the first one" in page.text
    assert page.all("table") == page.all("svg") == []


def test_the_list_shows_what_came_out(staff: User) -> None:
    experiment = experiments.done(staff)
    assert experiment.started_at is not None
    Experiment.objects.update(finished_at=experiment.started_at + timedelta(seconds=200))
    experiments.waiting(name="Waits")
    page = page_of(staff, "/experiments/")
    for words in ("Larger photos", "71.50 %", "+1.50", "3 min 20 s", "own presets", "Button, sara"):
        assert words in page.text
    assert "Waits" in page.text
    assert len(page.all("svg")) == 1


def test_the_list_is_paged(staff: User) -> None:
    for number in range(25):
        experiments.waiting(name=f"E{number:02}")
    first, second = (page_of(staff, f"/experiments/?page={number}") for number in (1, 2))
    assert "E24" in first.text
    assert "E00" not in first.text
    assert "E00" in second.text


def test_only_the_same_data_shares_a_chart() -> None:
    rows = [experiments.done(score=score, name=f"{score}") for score in (71.0, 73.0, 75.0)]
    Experiment.objects.filter(pk=rows[2].pk).update(data_hash="f" * 64)
    other, same = score_charts(list(Experiment.objects.all()))
    assert [point.score for point in other.points] == [75.0]
    assert [point.score for point in same.points] == [71.0, 73.0]
    assert [point.champion for point in same.points] == [70.0, 70.0]
    xs, ys = ([float(getattr(point, axis)) for point in same.points] for axis in "xy")
    assert 0 < xs[0] < xs[1] < WIDTH
    assert HEIGHT > ys[0] > ys[1] > 0


# ------------------------------------------------------------------ one experiment


def test_a_finished_one_shows_every_reason(staff: User) -> None:
    experiment = experiments.done(staff)
    Candidate.objects.create(experiment=experiment, trial=GOOD, preset="quick", options={})
    page = page_of(staff, detail(experiment))
    for words in (
        "Every gate passed", "Held back", "No model: gate, seed 0: no_model",
        "70.0% of the photos treated rightly, wanted at least 80.0%.", "Candidate, refused",
        "[+0.40, +2.60]", "No label names it, so it is not used.", "own presets",
    ):  # fmt: skip
        assert words in page.text, words
    marks = [page.html.count(f"gate gate--{result}") for result in ("passed", "failed")]
    decided = [gate for trial in experiment.decision["trials"] for gate in trial["reasons"]]
    assert marks == [
        sum(gate["passed"] for gate in decided),
        sum(not gate["passed"] for gate in decided),
    ]
    assert page.text.count("not passed") == marks[1]
    assert len(page.all("img", loading="lazy")) == 2


def test_only_staff_gets_links_into_the_admin(operator: User) -> None:
    experiment = experiments.done()
    Candidate.objects.create(experiment=experiment, trial=GOOD, preset="quick", options={})
    assert "/admin/" not in page_of(operator, detail(experiment)).html


def test_a_running_one_shows_its_stages(staff: User) -> None:
    experiment = experiments.waiting()
    lease = experiments.running(experiment, until="run_pipeline")
    lifecycle.record_progress(lease, "run_pipeline", done=2, total=8, words="x on plaza, seed 0")
    page = page_of(staff, detail(experiment))
    states = [item["data-state"] for item in page.all("li", class_="stage")]
    assert states == ["done", "unchanged", "done", "done", "running", "waiting", "waiting"]
    assert "2 of 8 · x on plaza, seed 0" in page.text
    assert "data-live" in page.one("div", id="experiment")
    live = browser_of(staff).get(f"{detail(experiment)}live.json").json()
    assert (live["state"], live["is_active"]) == ("running", True)
    assert (live["stages"][4]["done"], live["stages"][4]["total"]) == (2, 8)


def test_a_failed_one_says_why_and_what_to_do(staff: User, operator: User) -> None:
    experiment = experiments.waiting()
    lease = experiments.running(experiment, until="prepare")
    lifecycle.mark_errored(
        lease, code="stage_broke", message="It broke.", traceback="File <x>, line 1"
    )
    page = page_of(staff, detail(experiment))
    assert "It broke." in page.text
    assert "stage_broke" in page.text
    assert "File <x>, line 1" in page.text
    assert "data-live" not in page.one("div", id="experiment")
    assert "File" not in page_of(operator, detail(experiment)).text


def test_one_without_a_heartbeat_says_so(staff: User) -> None:
    experiment = experiments.waiting()
    experiments.running(experiment, until="validate")
    Experiment.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=90))
    page = page_of(staff, detail(experiment))
    assert "has not been heard of" in page.text
    assert [form["action"] for form in page.all("form") if "run-again" in form.get("action", "")]


def test_buttons(staff: User, tmp_path: Path) -> None:
    client = browser_of(staff)
    experiment = experiments.waiting(data=data_folder(tmp_path / "photos"))
    base = detail(experiment)
    assert "Cancelled" in Page(client.post(f"{base}cancel/", follow=True)).text
    assert "over already" in Page(client.post(f"{base}cancel/", follow=True)).text
    assert "goes on where it stopped" in Page(client.post(f"{base}run-again/", follow=True)).text
    finished = experiments.done(name="Done", data=tmp_path / "gone")
    again = Page(client.post(f"{detail(finished)}run-again/", follow=True))
    assert "is not there" in again.text
    assert client.get(f"{base}cancel/").status_code == 405


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    "name", ["baseline.json", "..%2Fvalidation%2Fvalidation.json", "images.csv", "x.png"]
)
def test_no_other_figure_is_served(staff: User, name: str) -> None:
    experiment = experiments.done()
    (folder_of(experiment.pk).output("baselines") / "baseline.json").write_text("{}")
    assert browser_of(staff).get(f"{detail(experiment)}figures/{name}").status_code == 404


def test_points_are_served_as_they_are(staff: User) -> None:
    experiment = experiments.done()
    base = f"{detail(experiment)}runs/{GOOD}/seed-0/plaza/"
    response = browser_of(staff).get(f"{base}points.ply")
    assert body_of(response) == experiments.PLY
    again = browser_of(staff).get(f"{base}points.ply", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "place",
    [
        f"{GOOD}/seed-0/plaza/report.json", f"{GOOD}/seed-1/plaza/points.ply",
        f"{BAD}/seed-0/gate/points.ply", "other/seed-0/plaza/points.ply",
        f"{GOOD}/seed-0/../../runs.json", f"{GOOD}/seed-0/elsewhere/points.ply",
        f"{GOOD}/seed-0/points.ply",
    ],
)  # fmt: skip
def test_no_other_file_of_a_run_is_served(staff: User, place: str) -> None:
    experiment = experiments.done()
    runs = folder_of(experiment.pk).output("runs")
    (runs / GOOD / "seed-0" / "plaza" / "report.json").write_text("{}")
    (runs / GOOD / "seed-0" / "points.ply").write_bytes(b"unlisted")
    assert browser_of(staff).get(f"{detail(experiment)}runs/{place}").status_code == 404


# ------------------------------------------------------------------ start


def test_the_form_starts_with_the_installation_s_own_spec(staff: User, own_data_dir: Path) -> None:
    assert "larger-photos" in page_of(staff, "/experiments/new/").text
    (own_data_dir / "specs").mkdir(parents=True)
    (own_data_dir / "specs" / "nightly.yaml").write_text("name: nightly\n")
    assert page_of(staff, "/experiments/new/").all("a", href="?spec=nightly")
    assert "name: nightly" in page_of(staff, "/experiments/new/?spec=nightly").text
    assert "larger-photos" in page_of(staff, "/experiments/new/?spec=../../etc/passwd").text


def test_a_good_spec_starts(staff: User, tmp_path: Path) -> None:
    folder = data_folder(tmp_path / "photos")
    values = {"spec": spec_text(), "data": str(folder)}
    response = browser_of(staff).post("/experiments/new/", values)
    [experiment] = Experiment.objects.all()
    assert (response.status_code, response["Location"]) == (302, detail(experiment))
    assert (experiment.trigger, experiment.started_by) == ("button", staff)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"sedes": [0]}, ["sedes: unknown option"]),
        ({"seeds": [-1], "gates": {"min_gian": 1}}, ["seeds.0:", "did you mean gates.min_gain?"]),
        ({"trials": {}}, ["trials: nothing to try"]),
    ],
)
def test_every_problem_is_named_beside_its_field(
    staff: User, tmp_path: Path, changes: dict[str, Any], problems: list[str]
) -> None:
    values = {"spec": spec_text(**changes), "data": str(tmp_path / "nowhere")}
    page = Page(browser_of(staff).post("/experiments/new/", values))
    assert page.status == 200
    for problem in [*problems, "nowhere is not there"]:
        assert problem in page.text, page.text
    errors = page.one("textarea", name="spec")["aria-describedby"].split()
    assert page.one("ul", id=errors[-1])
    assert not Experiment.objects.exists()


# ------------------------------------------------------------------ compare


def compare(staff: User, a: str, b: str) -> Any:
    return browser_of(staff).get("/experiments/compare/", {"a": a, "b": b})


def test_two_trials_side_by_side(staff: User) -> None:
    experiment = experiments.done()
    page = Page(compare(staff, f"{experiment.pk}/champion", f"{experiment.pk}/{GOOD}"))
    assert "Score 70.00 % 71.50 % +1.50 better" in page.text
    assert "Time per photo 0.75 s 0.75 s 0.00 equal" in page.text
    bars = page.all("rect")
    assert [(bar["x"], bar["width"]) for bar in bars] == [
        ("120.0", "0.0"), ("120.0", "120.0"), ("120.0", "120.0"),
    ]  # fmt: skip
    assert "different data" not in page.text


def test_a_loss_is_a_bar_to_the_left(staff: User) -> None:
    experiment = experiments.done()
    page = Page(compare(staff, f"{experiment.pk}/{GOOD}", f"{experiment.pk}/{BAD}"))
    assert page.all("rect")[0]["x"] == "0.0"
    assert "-9.50 worse" in page.text


def test_other_data_is_warned_of(staff: User) -> None:
    first, second = experiments.done(), experiments.done(name="Other")
    Experiment.objects.filter(pk=second.pk).update(data_hash="f" * 64)
    page = Page(compare(staff, f"{first.pk}/{GOOD}", f"{second.pk}/{GOOD}"))
    assert "different data" in page.text


def test_what_is_not_there_cannot_be_compared(staff: User) -> None:
    experiment = experiments.done()
    waiting = experiments.waiting(name="Waits")
    good = f"{experiment.pk}/{GOOD}"
    for other in ("x", f"{experiment.pk}/none", f"{waiting.pk}/{GOOD}", f"{experiment.pk}"):
        assert compare(staff, good, other).status_code == 404
    assert compare(staff, good, "").status_code == 200


# ------------------------------------------------------------------ in shadow


def test_an_experiment_shows_what_its_trials_did_in_shadow(staff: User) -> None:
    experiment = experiments.done()
    options = PRESETS["quick"].options.to_dict()
    candidate = Candidate.objects.create(
        experiment=experiment, trial=GOOD, preset="quick", options=options
    )
    assert "In shadow" not in page_of(staff, detail(experiment)).text
    served = Measures(
        registration=0.5,
        mean_error_px=0.8,
        num_points=1000,
        mean_track_length=3.5,
        seconds_per_photo=2.0,
    )
    better = replace(served, registration=0.75)
    job = UUID(int=1)
    result = ShadowResult(
        job=job,
        num_photos=8,
        challenger=better,
        served=served,
        challenger_fingerprint="c" * 16,
        served_fingerprint="5" * 16,
    )
    record_shadow(candidate, result)
    page = page_of(staff, detail(experiment))
    assert f"{GOOD}, 1 job" in page.text
    assert "Photos placed 1 0 0 75.0 % 50.0 % +25.0 % better" in page.text
    assert str(job) not in page.html
    staff.user_permissions.add(Permission.objects.get(codename="view_job"))
    link = reverse("admin:jobs_job_change", args=[job])
    assert page_of(User.objects.get(pk=staff.pk), detail(experiment)).one("a", href=link)
