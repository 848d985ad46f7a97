"""The list of scenes and the page for a new one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from jobs.files import PREVIEW
from jobs.models import Artifact, Preset
from jobs.states import JobState
from jobs.worker_models import Worker
from tests.jobs.builders import make_done, make_ended, make_in_state, make_job
from tests.jobs.pages import Page

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def the_list(client: Client, query: Any = None) -> Page:
    return Page(client.get("/jobs/", query))


def shown(page: Page) -> list[str]:
    return [card["data-job"] for card in page.all("li", class_="scene")]


def test_who_has_none_is_shown_how_to_start(alice_portal: Client, bob: User) -> None:
    make_job(bob)
    page = the_list(alice_portal)
    assert "Turn photos into a place you can walk around" in page.text
    assert shown(page) == []
    assert len(page.all("a", href="/jobs/new/")) == 2
    assert page.all("form", role="search") == []


def test_cards_in_every_state(alice: User, alice_portal: Client) -> None:
    jobs = [make_in_state(alice, state, name=f"Scene {state}") for state in JobState]
    page = the_list(alice_portal)
    assert shown(page) == [str(job.pk) for job in reversed(jobs)]
    for job in jobs:
        assert f"Scene {job.state}" in page.text
        assert page.one("span", class_=f"chip--{job.state}")
        assert page.one("a", href=f"/jobs/{job.pk}/")
    assert "2 of 3 photos · 12,345 points" in page.text
    assert "No two photos show enough of the same place." in page.text
    assert len(page.all("progress")) == 2  # the waiting and the working one
    assert "data-live" in page.one("ul", id="scenes")


def test_a_card_counts_the_points_that_are_shown(alice: User, alice_portal: Client) -> None:
    job = make_in_state(alice, JobState.DONE)
    job.report = {**(job.report or {}), "dense": {"num_points": 817911}}
    job.save()
    assert "2 of 3 photos · 817,911 points" in the_list(alice_portal).text


def test_a_list_in_which_nothing_happens_is_not_asked_again(
    alice: User, alice_portal: Client
) -> None:
    make_ended(alice, JobState.FAILED)
    assert "data-live" not in the_list(alice_portal).one("ul", id="scenes")


def test_covers_are_the_first_four_pictures(alice: User, alice_portal: Client) -> None:
    job = make_done(alice, num_photos=6)
    Artifact.objects.filter(job=job, name=PREVIEW).delete()  # older results have none
    page = the_list(alice_portal)
    base = f"/api/v1/jobs/{job.pk}/photos"
    pictures = [img["src"] for img in page.all("img") if img["src"].startswith(base)]
    assert pictures == [f"{base}/{index}/thumbnail/" for index in range(4)]


def test_the_rendered_picture_is_the_cover(alice: User, alice_portal: Client) -> None:
    plain, rendered = make_done(alice), make_done(alice, name='The "old" mill')
    Artifact.objects.filter(job=plain, name=PREVIEW).delete()
    page = the_list(alice_portal)
    pictures = {
        job.pk: [i for i in page.all("img") if str(job.pk) in i["src"]] for job in (plain, rendered)
    }
    assert len(pictures[plain.pk]) == 3
    [picture] = pictures[rendered.pk]
    assert picture["src"] == f"/api/v1/jobs/{rendered.pk}/artifacts/preview.jpg"
    assert (picture["alt"], picture["loading"]) == ('The 3D model of The "old" mill', "lazy")


def test_without_pictures_the_number_of_photos_stands_in(alice: User, alice_portal: Client) -> None:
    make_job(alice, num_photos=5)
    assert "5 photos Old gate" in the_list(alice_portal).text


def test_searching_and_choosing_a_state(alice: User, alice_portal: Client) -> None:
    gate = make_job(alice, name="Old Gate")
    bridge = make_ended(alice, JobState.FAILED, name="Bridge")
    for query, found in (
        ({"search": "gate"}, [gate]),
        ({"search": "  GATE "}, [gate]),
        ({"state": "failed"}, [bridge]),
        ({"search": "gate", "state": "failed"}, []),
        ({"state": "nonsense"}, [bridge, gate]),
    ):
        assert shown(the_list(alice_portal, query)) == [str(job.pk) for job in found]


def test_a_search_without_a_hit_leads_back(alice: User, alice_portal: Client) -> None:
    make_job(alice)
    page = the_list(alice_portal, {"search": "tower", "state": "done"})
    assert "No scene matches" in page.text
    assert page.one("input", name="search")["value"] == "tower"
    [chosen] = [option for option in page.all("option") if "selected" in option]
    assert chosen["value"] == "done"


def test_what_was_searched_for_is_only_text(alice: User, alice_portal: Client) -> None:
    make_job(alice)
    page = the_list(alice_portal, {"search": '"><script>alert(1)</script>'})
    assert page.one("input", name="search")["value"] == '"><script>alert(1)</script>'
    assert "<script>alert" not in page.html


def test_pages_keep_what_was_searched_for(alice: User, alice_portal: Client) -> None:
    for minute in range(30):
        at = NOON + timedelta(minutes=minute)
        make_job(alice, name=f"Gate & {minute}", created_at=at, num_photos=0)
    first = the_list(alice_portal, {"search": "gate &", "state": "queued"})
    assert len(shown(first)) == 24
    assert "Page 1 of 2" in first.text
    older = first.one("a", rel="next")["href"]
    assert older == "?page=2&search=gate%20%26&state=queued"
    second = Page(alice_portal.get(f"/jobs/{older}"))
    assert len(shown(second)) == 6
    assert "Gate & 0 " in second.text
    assert second.one("a", rel="prev")["href"] == "?page=1&search=gate%20%26&state=queued"
    assert second.all("a", rel="next") == []


@pytest.mark.parametrize("page", ["0", "2", "x"])
def test_a_page_that_is_not_there_is_not_found(
    alice: User, alice_portal: Client, page: str
) -> None:
    make_job(alice)
    assert the_list(alice_portal, {"page": page}).status == 404


def new_page(client: Client) -> Page:
    return Page(client.get("/jobs/new/"))


def test_the_form_tells_its_limits_to_its_script(alice_portal: Client, limits: Any) -> None:
    limits(max_photos=1500, max_upload_mb=2048)
    page = new_page(alice_portal)
    form = page.one("form", id="upload-form")
    assert (form["data-jobs-url"], form["data-uploads-url"]) == (
        "/api/v1/jobs/", "/api/v1/uploads/",
    )  # fmt: skip
    assert (form["data-min-photos"], form["data-max-photos"], form["data-max-mb"]) == (
        "3", "1500", "2048",
    )  # fmt: skip
    assert form["data-suffixes"].split(",") == [
        ".avif", ".bmp", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp",
    ]  # fmt: skip
    assert page.all("input", name="csrfmiddlewaretoken")


def test_presets_with_licences_and_the_default_chosen(alice_portal: Client) -> None:
    page = new_page(alice_portal)
    radios = page.all("input", name="preset")
    assert [radio["value"] for radio in radios] == ["quick", "standard", "thorough"]
    assert [radio["value"] for radio in radios if "checked" in radio] == ["standard"]
    assert "Licence: BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)" in page.text
    assert not any("disabled" in radio for radio in radios)  # nobody knows yet


def test_what_no_worker_can_run_cannot_be_chosen(alice_portal: Client) -> None:
    presets = {"quick": True, "standard": True, "thorough": False}
    Worker.objects.create(name="w", capabilities={"device": "cpu", "presets": presets})
    page = new_page(alice_portal)
    off = [radio["value"] for radio in page.all("input", name="preset") if "disabled" in radio]
    assert off == ["thorough"]
    assert "Not available: its networks are not installed here." in page.text


def test_the_operators_own_presets_are_offered(alice_portal: Client) -> None:
    Preset.objects.create(name="mine", base="quick", own_title="Museum", position=9)
    Preset.objects.filter(name="quick").update(is_enabled=False)
    page = new_page(alice_portal)
    assert [radio["value"] for radio in page.all("input", name="preset")] == [
        "standard", "thorough", "mine",
    ]  # fmt: skip
    assert "Museum" in page.text
