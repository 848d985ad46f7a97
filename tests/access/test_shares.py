"""Links: what whoever has one sees, what they never see, and how it ends."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import EventKind, SecurityEvent, User
from jobs import services
from jobs.artifacts import DOWNLOADS
from jobs.models import Job, ShareLink
from jobs.shares import make_share, revoke_share
from jobs.states import JobState
from tests.access.world import leaks_of
from tests.accounts.people import api_of
from tests.http.streaming import body_of
from tests.jobs.builders import content_of, make_done, make_in_state

WEEK = timedelta(days=7)


def share(job: Job, *, may_download: bool = False) -> tuple[ShareLink, str]:
    link, token = make_share(job, may_download=may_download, lifetime=WEEK)
    return link, reverse("shares:page", args=[token])


def config_of(page: Any) -> Any:
    found = re.search(r'id="viewer-config" type="application/json">(.*?)</script>',
                      page.content.decode())  # fmt: skip
    assert found
    return json.loads(found[1])


def addresses_in(config: Any) -> list[str]:
    """Every address that the viewer may ask for."""
    if isinstance(config, dict):
        return [address for value in config.values() for address in addresses_in(value)]
    if isinstance(config, list):
        return [address for value in config for address in addresses_in(value)]
    return [config] if isinstance(config, str) and config.startswith("/") else []


def test_a_visitor_sees_the_result_and_every_file_that_the_viewer_needs(
    alice: User, client: Client
) -> None:
    job = make_done(alice, num_models=2, name="Old gate")
    link, address = share(job)
    page = client.get(address)
    assert page.status_code == 200
    config = config_of(page)
    assert config["jobName"] == "Old gate"
    assert not {"scaleUrl", "csrfToken"} & set(config)
    files = addresses_in(config)
    assert len(files) == 4 + 1 + 2 * job.num_photos
    for path in files:
        assert path.startswith(address), path
        assert client.get(path).status_code == 200, path
    points = body_of(client.get(f"{address}files/view-0.points.bin"))
    assert points == content_of("view-0.points.bin")
    link.refresh_from_db()
    assert link.num_views == 1
    assert link.last_used_at is not None


def test_the_page_is_for_no_index_no_referrer_no_cache_and_no_frame(
    alice: User, client: Client
) -> None:
    _, address = share(make_done(alice))
    for path in (address, f"{address}files/cameras.json", f"{address}photos/0/thumbnail/"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert "private" in headers["Cache-Control"]
        assert headers["X-Frame-Options"] == "DENY"
    page = client.get(address)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="referrer" content="no-referrer">' in page.content.decode()
    assert not page.cookies


def test_the_page_says_nothing_of_the_owner(alice: User, client: Client) -> None:
    job = make_done(alice, name="Old gate")
    text = client.get(share(job, may_download=True)[1]).content.decode()
    assert alice.username not in text
    assert str(job.pk) not in text
    assert "/jobs/" not in text
    assert "/accounts/" not in text


@pytest.mark.parametrize("may_download", [False, True])
def test_downloads_are_open_only_where_the_owner_said_so(
    alice: User, client: Client, *, may_download: bool
) -> None:
    job = make_done(alice)
    services.set_scale(job, 2.0)
    _, address = share(job, may_download=may_download)
    page = client.get(address).content.decode()
    for name in set(DOWNLOADS) - {"cameras.json"}:
        status = client.get(f"{address}files/{name}?units=model").status_code
        assert status == (200 if may_download else 404), name
        assert (f"{address}files/{name}" in page) is may_download
    assert config_of(client.get(address))["mayDownload"] is may_download


@pytest.mark.parametrize(
    "name",
    ["bundle.zip", "live.points.bin", "view-9.points.bin", "..%2Freport.json", "view-0.points.ply",
     "photos/000000.jpg", "000000.jpg", "view-.bin"],
)  # fmt: skip
def test_nothing_else_of_the_job_is_there(alice: User, client: Client, name: str) -> None:
    _, address = share(make_done(alice), may_download=True)
    assert client.get(f"{address}files/{name}").status_code == 404


def test_the_photos_as_they_were_uploaded_are_not_there(alice: User, client: Client) -> None:
    _, address = share(make_done(alice), may_download=True)
    for kind in ("original", "photo", "stored"):
        assert client.get(f"{address}photos/0/{kind}/").status_code == 404
    assert client.get(f"{address}photos/99/preview/").status_code == 404


@pytest.mark.parametrize("how", ["revoked", "expired", "deleted", "switched-off", "retried"])
def test_a_link_ends_with_all_its_files(alice: User, client: Client, how: str) -> None:
    job = make_done(alice)
    link, address = share(job, may_download=True)
    files = [*addresses_in(config_of(client.get(address))), f"{address}files/points.ply"]
    if how == "revoked":
        revoke_share(link)
    elif how == "expired":
        ShareLink.objects.update(expires_at=timezone.now())
    elif how == "deleted":
        services.delete(job)
    elif how == "switched-off":
        User.objects.update(is_active=False)
    else:
        Job.objects.update(report=None)
    gone = client.get(address)
    assert gone.status_code == 404
    assert "This link shows nothing" in gone.content.decode()
    assert {client.get(path).status_code for path in files} == {404}


def test_an_ended_link_and_one_that_never_was_look_alike(alice: User, client: Client) -> None:
    link, address = share(make_done(alice))
    revoke_share(link)
    never = client.get(reverse("shares:page", args=["x" * 43]))
    assert never.content == client.get(address).content


def test_a_link_opens_no_other_job(alice: User, client: Client) -> None:
    mine, other = make_done(alice, name="Mine"), make_done(alice, name="Other")
    _, address = share(mine)
    assert "Other" not in client.get(address).content.decode()
    token = address.split("/")[2]
    for path in (f"/api/v1/jobs/{other.pk}/", f"/jobs/{other.pk}/", f"/jobs/{mine.pk}/"):
        for changed in (path, f"{path}?share={token}&token={token}"):
            response = client.get(changed, headers={"Authorization": f"Bearer {token}"})
            assert response.status_code in (302, 401)


def test_only_a_digest_is_kept_and_the_log_has_no_token(alice: User, client: Client) -> None:
    link, address = share(make_done(alice))
    client.get(address)
    revoke_share(link)
    revoke_share(link)
    token = address.split("/")[2]
    assert token not in str(ShareLink.objects.values())
    assert token not in str(SecurityEvent.objects.values())
    kinds = list(SecurityEvent.objects.order_by("pk").values_list("kind", "username", "actor"))
    assert kinds == [
        (EventKind.SHARE_MADE, "alice", ""), (EventKind.SHARE_USED, "alice", ""),
        (EventKind.SHARE_REVOKED, "alice", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("state", [state for state in JobState if state != JobState.DONE])
def test_without_a_result_there_is_nothing_to_share(alice: User, state: JobState) -> None:
    job = make_in_state(alice, state)
    response = api_of(alice).post(f"/api/v1/jobs/{job.pk}/shares/", {}, format="json")
    assert (response.status_code, response.json()["code"]) == (409, "cannot_share")
    assert not ShareLink.objects.exists()


def test_over_the_api(alice: User, client: Client) -> None:
    job = make_done(alice)
    mine: APIClient = api_of(alice)
    made = mine.post(
        f"/api/v1/jobs/{job.pk}/shares/", {"days": 3, "may_download": True}, format="json"
    )
    assert made.status_code == 201
    body = made.json()
    assert re.fullmatch(r"http://testserver/s/[\w-]{43}/", body["url"])
    assert client.get(body["url"]).status_code == 200
    [row] = mine.get(f"/api/v1/jobs/{job.pk}/shares/").json()
    assert (row["id"], row["num_views"], "url" in row) == (body["id"], 1, False)
    assert mine.delete(f"/api/v1/jobs/{job.pk}/shares/{body['id']}/").status_code == 204
    assert client.get(body["url"]).status_code == 404
    assert mine.get(f"/api/v1/jobs/{job.pk}/shares/").json() == []


@pytest.mark.parametrize("values", [{"days": 0}, {"days": 366}, {"days": "x"}])
def test_a_link_lasts_a_year_at_most(alice: User, values: dict[str, Any]) -> None:
    job = make_done(alice)
    response = api_of(alice).post(f"/api/v1/jobs/{job.pk}/shares/", values, format="json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_on_the_page(alice: User, client: Client, portal_of: Callable[[User], Client]) -> None:
    job = make_done(alice)
    browser = portal_of(alice)
    made = browser.post(f"/jobs/{job.pk}/shares/", {"days": "30", "may_download": "yes"})
    [address] = re.findall(r'value="(http://testserver/s/[\w-]{43}/)"', made.content.decode())
    assert "no-store" in made.headers["Cache-Control"]
    assert client.get(address).status_code == 200
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert "Look and download" in page
    assert "Opened 1 time," in page
    assert address not in page
    link = ShareLink.objects.get()
    browser.post(f"/jobs/{job.pk}/shares/{link.pk}/revoke/")
    assert client.get(address).status_code == 404
    assert "Look and download" not in browser.get(f"/jobs/{job.pk}/").content.decode()


def test_a_lifetime_that_is_not_offered_makes_none(
    alice: User, portal_of: Callable[[User], Client]
) -> None:
    job = make_done(alice)
    for days in ("", "2", "-1", "99999", "x"):
        assert portal_of(alice).post(f"/jobs/{job.pk}/shares/", {"days": days}).status_code == 404
    assert not ShareLink.objects.exists()


def test_nobody_revokes_anothers_link(alice: User, bob: User, client: Client) -> None:
    mine, theirs = make_done(alice), make_done(bob)
    link, address = share(mine)
    for path in (f"/api/v1/jobs/{mine.pk}/shares/", f"/api/v1/jobs/{theirs.pk}/shares/"):
        assert api_of(bob).delete(f"{path}{link.pk}/").status_code == 404
    assert client.get(address).status_code == 200
    assert leaks_of(api_of(bob).get(f"/api/v1/jobs/{mine.pk}/shares/")) == []
