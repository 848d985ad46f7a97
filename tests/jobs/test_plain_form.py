"""The upload page's form as a browser without JavaScript sends it."""

import pytest
from django.test import Client

from jobs.models import Job
from tests.jobs.builders import stored_files, zip_of
from tests.jobs.uploading import archive, photos

NEW = "/jobs/new/"
THREE = ("a.jpg", "b.jpg", "c.jpg")


@pytest.mark.parametrize("has_archive", [True, False])
def test_the_plain_form_makes_a_job(alice_portal: Client, *, has_archive: bool) -> None:
    files = [archive(zip_of(THREE))] if has_archive else photos(*THREE)
    response = alice_portal.post(NEW, {"files": files, "name": "Gate", "preset": "quick"})
    job = Job.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/jobs/{job.pk}/")
    assert (job.name, job.preset, job.num_photos) == ("Gate", "quick", 3)


def test_a_refusal_is_on_the_page(alice_portal: Client) -> None:
    response = alice_portal.post(NEW, {"files": photos("a.jpg")})
    assert response.status_code == 422
    assert "The upload holds 1 photo; at least 3 are needed." in response.content.decode()
    response = alice_portal.post(NEW, {"name": "nothing"})
    assert response.status_code == 400
    assert "Nothing was uploaded. Choose photos or a ZIP archive." in response.content.decode()
    two = [archive(zip_of(THREE), f"{n}.zip") for n in range(2)]
    assert alice_portal.post(NEW, {"files": two}).status_code == 422
    assert not Job.objects.exists()
    assert stored_files() == []


def test_strangers_are_sent_to_the_log_in(client: Client, db: None) -> None:
    response = client.post(NEW, {"files": photos(*THREE)})
    assert response.headers["Location"] == "/accounts/login/?next=/jobs/new/"
    assert not Job.objects.exists()
