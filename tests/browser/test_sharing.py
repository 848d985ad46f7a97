"""A link as its owner makes it, and as somebody without an account opens it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.conftest import log_in
from tests.browser.looking import canvas_pixels, wait_for_viewer
from tests.live import LiveStack

pytestmark = [
    pytest.mark.browser, pytest.mark.flow, pytest.mark.weights, pytest.mark.long,
]  # fmt: skip


@pytest.fixture(scope="module")
def job_id(stack: LiveStack, tiny_photos: Path) -> str:
    job_id = stack.upload_folder("alice", tiny_photos, name="A shared wall", preset="quick")
    assert stack.wait_until_over("alice", job_id)["state"] == "done"
    return job_id


@pytest.fixture
def visitor(browser: Browser, stack: LiveStack) -> Iterator[Page]:
    """A browser that nobody has logged in to; every answer that it gets must be a good one."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    refused: list[str] = []
    complaints: list[str] = []

    def note(response: Response) -> None:
        if response.status >= 400 and "/s/" in response.url:
            refused.append(f"{response.status} {response.url}")

    page.on("response", note)
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert refused == []
    assert [words for words in complaints if "Content Security Policy" in words] == []


def make_link(page: Page, job_id: str, *, may_download: bool) -> str:
    log_in(page, "alice")
    page.goto(f"/jobs/{job_id}/")
    page.get_by_label("They may download it too").set_checked(may_download)
    page.get_by_role("button", name="Make a link").click()
    return page.get_by_label("The address to share").input_value()


@pytest.mark.parametrize("may_download", [False, True])
def test_a_visitor_walks_around(
    page: Page, visitor: Page, job_id: str, *, may_download: bool
) -> None:
    address = make_link(page, job_id, may_download=may_download)
    visitor.goto(address)
    wait_for_viewer(visitor)
    assert canvas_pixels(visitor).std() > 5
    expect(visitor.get_by_role("heading", name="A shared wall")).to_be_visible()
    expect(visitor.get_by_role("button", name="Download these points")).to_be_visible(
        visible=may_download
    )
    assert visitor.get_by_text("alice").count() == 0
    assert visitor.context.cookies() == []
    if may_download:
        visitor.locator("summary", has_text="Download").click()
        with visitor.expect_download() as download:
            visitor.get_by_role("link", name="Report").click()
        assert download.value.path().stat().st_size > 1000
    visitor.locator("canvas").first.press("]")
    visitor.wait_for_timeout(300)
