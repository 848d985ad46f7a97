"""From labelled photos to what is served, and back, by clicking alone, with real workers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scene3d.engine.host import Host
from tests.browser.conftest import log_in
from tests.conftest import MODEL_STORE
from tests.live import PASSWORD, LiveStack, live_stack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights, pytest.mark.long]

SPEC = """
name: Fewer keypoints
trials:
  preset: quick
  fixed:
    - name: few
      options: {features: {max_keypoints: 1000}}
    - name: too-few
      options: {features: {max_keypoints: 64}}
gates: {min_gain: -5, significant: false, max_dataset_loss: 5, max_time_ratio: 100}
"""
_PEOPLE = """
from django.contrib.auth.models import Group
from accounts.public import User, ensure_user
for name, group in (("olga", "operators"), ("anna", "approvers")):
    ensure_user(username=name, password={password!r})
    user = User.objects.get(username=name)
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=group))
"""
_EXPERIMENT_WITHIN_MS = 600_000
_JOB_WITHIN_MS = 240_000


@pytest.fixture(scope="module")
def careful_stack(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[LiveStack]:
    """Nothing is served before two people agree."""
    folder = tmp_path_factory.mktemp("careful")
    with live_stack(folder, MODEL_STORE, PROMOTION_POLICY="approval") as stack:
        stack.manage("shell", code=f"exec({_PEOPLE.format(password=PASSWORD)!r})\n")
        yield stack


@pytest.fixture
def browsers(browser: Browser, careful_stack: LiveStack) -> Iterator[dict[str, Page]]:
    """One window for each person."""
    contexts: list[BrowserContext] = []
    pages = {}
    for user in ("olga", "anna", "alice"):
        context = browser.new_context(
            base_url=careful_stack.url, viewport={"width": 1280, "height": 900}
        )
        contexts.append(context)
        pages[user] = context.new_page()
        log_in(pages[user], user)
    yield pages
    for context in contexts:
        context.close()


def act(page: Page, words: str, reason: str) -> None:
    page.get_by_role("link", name=words).click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=re.compile(words)).click()


def open_candidate(page: Page, trial: str) -> None:
    page.goto("/admin/mlops/candidate/")
    page.get_by_role("row").filter(has=page.get_by_text(trial, exact=True)).get_by_role(
        "link"
    ).first.click()


def served_version(page: Page, photos: Path) -> str:
    """What the result page of a new job names."""
    page.goto("/jobs/new/")
    page.set_input_files("#files", sorted(photos.iterdir()))
    page.locator("input[name=preset][value=quick]").check()
    page.get_by_role("button", name="Upload and start").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    expect(page.locator(".page-head .chip")).to_have_text("Done", timeout=_JOB_WITHIN_MS)
    page.reload()
    page.get_by_text("How this was made").click()
    found = re.search(r"[Cc]onfiguration[^0-9]*(\d+)", page.locator("main").inner_text())
    assert found, page.locator("main").inner_text()
    return found[1]


@pytest.mark.timeout(1500)
def test_from_labelled_photos_to_what_is_served_and_back(
    browsers: dict[str, Page], labelled_photos: Path, tiny_photos: Path
) -> None:
    olga, anna, alice = browsers["olga"], browsers["anna"], browsers["alice"]
    olga.goto("/experiments/new/")
    olga.get_by_label("What to try").fill(SPEC)
    olga.get_by_label("Labelled photos").fill(str(labelled_photos))
    olga.get_by_role("button", name="Start").click()
    expect(olga.get_by_role("heading", level=1)).to_have_text("Fewer keypoints")
    assert served_version(alice, tiny_photos) == "0"
    chip = olga.locator(".page-head .chip")
    expect(chip).to_have_text("Done", timeout=_EXPERIMENT_WITHIN_MS)

    open_candidate(olga, "too-few")
    expect(olga.locator(".mlops-state")).to_contain_text("nobody can promote this candidate")
    assert olga.locator(".mlops-gates .mlops-failed").count() >= 1

    open_candidate(olga, "few")
    act(olga, "Propose", "As good, and faster")
    expect(olga.locator(".mlops-state")).to_contain_text("Waiting for approval")
    expect(olga.get_by_role("link", name="Promote")).to_have_count(0)
    open_candidate(anna, "few")
    act(anna, "Promote", "I agree")
    expect(anna.locator(".mlops-state")).to_contain_text("Promoted")
    assert served_version(alice, tiny_photos) == "1"

    olga.goto("/admin/mlops/configuration/1/change/")
    act(olga, "Roll back", "Doors are blurred")
    assert served_version(alice, tiny_photos) == "2"
