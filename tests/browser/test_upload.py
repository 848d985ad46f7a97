"""The upload page where connections are lost and pages are loaded anew."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import log_in
from tests.live import LiveStack

pytestmark = pytest.mark.browser
PIECES = "**/api/v1/uploads/*/"
JOB_PAGE = re.compile(r"/jobs/[0-9a-f-]{36}/")


@pytest.fixture
def visitor(browser: Browser, stack: LiveStack) -> Iterator[Page]:
    """Without the check of complaints: lost connections are logged."""
    context = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    log_in(page, "alice")
    yield page
    context.close()


def choose(page: Page, files: list[Path], name: str) -> None:
    page.goto("/jobs/new/")
    page.set_input_files("#files", files)
    page.get_by_label("Name").fill(name)
    page.locator("input[name=preset][value=quick]").check()
    page.get_by_role("button", name="Upload and start").click()


def test_a_lost_connection_is_no_end(visitor: Page, tiny_photos: Path, stack: LiveStack) -> None:
    lost: list[str] = []

    def lose_some(route: Route) -> None:
        if route.request.method == "PATCH" and len(lost) < 4:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    visitor.route(PIECES, lose_some)
    choose(visitor, sorted(tiny_photos.iterdir()), "Interrupted")
    visitor.wait_for_url(JOB_PAGE, timeout=60_000)
    assert len(lost) == 4
    job_id = visitor.url.rstrip("/").rpartition("/")[2]
    assert stack.job("alice", job_id)["num_photos"] == 7


def test_a_page_loaded_anew_goes_on_where_it_was(
    visitor: Page, stack: LiveStack, tmp_path: Path
) -> None:
    """The second of three pieces never arrives, until the page is opened again."""
    file = tmp_path / "photos.zip"
    file.write_bytes(os.urandom(20 << 20))  # no archive, so the answer says that all of it arrived
    sent: list[int] = []
    is_cut = True

    def count(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
        if is_cut and len(sent) > 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    visitor.route(PIECES, count)
    choose(visitor, [file], "Loaded anew")
    for _ in range(200):
        visitor.wait_for_timeout(50)
        if len(sent) > 1:
            break
    assert sent[:2] == [0, 8 << 20]
    is_cut = False
    sent.clear()
    choose(visitor, [file], "Loaded anew")
    visitor.locator("#problem").get_by_text("not a ZIP archive").wait_for(timeout=60_000)
    assert sent == [8 << 20, 16 << 20]


def test_without_javascript_the_form_works(
    browser: Browser, stack: LiveStack, tiny_photos: Path
) -> None:
    context = browser.new_context(base_url=stack.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, "alice")
    choose(page, sorted(tiny_photos.iterdir()), "Plainly")
    page.wait_for_url(JOB_PAGE, timeout=60_000)
    assert "Plainly" in page.content()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_says_how_much_room_is_left(
    browser: Browser, stack: LiveStack, scheme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=stack.url, viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    log_in(page, "alice")
    page.goto("/jobs/new/")
    assert re.search(r"Your scenes take \d+\.\d of 10 GB", page.locator("#quota").inner_text())
    if folder := os.environ.get("SCENE3D_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/upload-{scheme}-{width}.png")
    assert json.loads(page.evaluate("JSON.stringify(document.body.scrollWidth)")) <= width
    context.close()
