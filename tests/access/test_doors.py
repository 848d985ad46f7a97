"""What other sites' pages cannot do with a browser that is logged in; and what the table names."""

import re
from pathlib import Path

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import ApiKey, User
from jobs.models import Job, ShareLink
from tests.jobs.builders import make_done

TESTS = Path(__file__).resolve().parents[1]
ELSEWHERE = {"Origin": "https://elsewhere.example"}


def logged_in(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


@pytest.mark.parametrize("method", ["get", "options", "post"])
@pytest.mark.parametrize("path", ["/api/v1/jobs/", "/api/v1/auth/token/", "/accounts/login/"])
def test_no_other_site_may_read_an_answer(alice: User, method: str, path: str) -> None:
    headers = ELSEWHERE | {"Access-Control-Request-Method": "POST"}
    response = getattr(logged_in(alice), method)(path, headers=headers)
    assert not [name for name in response.headers if name.startswith("Access-Control-")]


def test_no_other_site_may_act(alice: User) -> None:
    """With the session's cookie, and without the page's token."""
    job, client = make_done(alice), logged_in(alice)
    api, page = f"/api/v1/jobs/{job.pk}/", f"/jobs/{job.pk}/"
    assert client.delete(api, headers=ELSEWHERE).status_code == 403
    assert client.post(f"{api}shares/", headers=ELSEWHERE).status_code == 403
    for path in (f"{page}shares/", f"{page}delete/", "/accounts/keys/", "/accounts/password/"):
        assert client.post(path, {"days": "7"}, headers=ELSEWHERE).status_code == 403, path
    assert Job.objects.filter(pk=job.pk).exists()
    assert not ShareLink.objects.exists()
    assert not ApiKey.objects.exists()


def test_a_token_in_a_cookie_or_an_address_is_none(alice: User) -> None:
    token, client = str(AccessToken.for_user(alice)), Client()
    client.cookies["access"] = client.cookies["token"] = token
    assert client.get(f"/api/v1/jobs/?token={token}&access={token}").status_code == 401


def test_every_test_that_the_table_names_is_there() -> None:
    text = (TESTS.parent / "CONTRIBUTING.md").read_text()
    table = text[text.index("## Security, by ASVS") :]
    named = set(re.findall(r"`((?:access|accounts|http|jobs|settings)/test_\w+\.py)`", table))
    assert len(named) >= 12
    assert [name for name in named if not (TESTS / name).is_file()] == []
