"""The portal as a person uses it, in a real browser, against the real service."""

import re
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.looking import (
    canvas_pixels,
    colour_by,
    nearest_coloured_pixel,
    wait_for_viewer,
    wait_until,
)
from tests.live import LiveStack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights]

RESULT_WITHIN_MS = 240_000


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"photos/{path.name}")
    return target


def upload(page: Page, file: Path, name: str) -> None:
    page.goto("/jobs/new/")
    page.set_input_files("#files", file)
    page.get_by_label("Name").fill(name)
    page.locator("input[name=preset][value=quick]").check()
    page.get_by_role("button", name="Upload and start").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))


def share_of_coloured_pixels(page: Page) -> float:
    """Pixels that are clearly not the background, which is what most of the canvas shows."""
    pixels = canvas_pixels(page)
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    background = colours[counts.argmax()]
    return float((np.abs(pixels - background).max(axis=2) > 40).mean())


def test_photos_to_viewer(page: Page, stack: LiveStack, shared_data: Path, tmp_path: Path) -> None:
    """Log in, upload the ZIP of a castle, watch the stages, look at the model."""
    log_in(page, "alice")
    upload(page, zipped(shared_data / "photos" / "sceaux", tmp_path / "sceaux.zip"), "Sceaux")
    seen = set()
    expect(page.locator("#tracker")).to_be_visible()
    while page.locator("#viewer").count() == 0:
        working = page.locator(".step--working .step__title")
        if working.count():
            seen.add(working.first.text_content())
        page.wait_for_timeout(150)
    assert {"Finding details", "Comparing photos", "Placing cameras"} <= seen
    wait_for_viewer(page)
    stats = page.evaluate("window.scene3dViewer.stats()")
    assert stats["numVisible"] == stats["numPoints"] > 1000
    assert 0.01 < share_of_coloured_pixels(page) < 0.9
    expect(page.locator("dl.facts")).to_contain_text("11 of 11")
    expect(page.locator("#photos tbody tr")).to_have_count(11)


@pytest.fixture(scope="module")
def job_id(stack: LiveStack, tiny_photos: Path) -> str:
    """A job of alice's that is done."""
    job_id = stack.upload_folder("alice", tiny_photos, name="A wall", preset="quick")
    assert stack.wait_until_over("alice", job_id)["state"] == "done"
    return job_id


@pytest.fixture
def result(page: Page, job_id: str) -> Page:
    """The job's page, with its viewer ready."""
    log_in(page, "alice")
    page.goto(f"/jobs/{job_id}/")
    wait_for_viewer(page)
    return page


def test_the_view_lives_in_the_link(result: Page) -> None:
    """Colour, filter and size come back exactly when somebody opens the link."""
    page = result
    colour_by(page, "height")
    wait_until(page, "location.hash.includes('c=height')")
    before = canvas_pixels(page)
    page.reload()
    wait_for_viewer(page)
    assert page.evaluate("window.scene3dViewer.stats().settings.colour") == "height"
    assert np.abs(canvas_pixels(page) - before).mean() < 1.0


def test_colours_change_what_is_drawn(result: Page) -> None:
    page = result
    pictures = []
    for mode in ("rgb", "height", "error", "track"):
        colour_by(page, mode)
        pictures.append(canvas_pixels(page))
    for first, second in pairwise(pictures):
        assert np.abs(first - second).mean() > 0.3


def test_filters_leave_fewer_points(result: Page) -> None:
    page = result
    everything = page.evaluate("window.scene3dViewer.stats()")
    page.goto(page.url.split("#")[0] + "#tl=5")
    wait_until(page, "window.scene3dViewer.stats().settings.minTrackLength === 5")
    filtered = page.evaluate("window.scene3dViewer.stats()")
    assert 0 < filtered["numVisible"] < everything["numVisible"]
    assert filtered["numPoints"] == everything["numPoints"]


def test_a_clicked_point_shows_the_photos_that_see_it(result: Page) -> None:
    page = result
    canvas = page.locator("#viewer canvas").first
    canvas.click(position=nearest_coloured_pixel(canvas_pixels(page)))
    wait_until(page, "window.scene3dViewer.stats().settings.point !== null")
    details = page.locator("#viewer [data-part=pointSection]")
    expect(details).to_contain_text("Photos that see it")
    num_photos = int(details.locator("dd").first.text_content() or "0")
    assert num_photos >= 2
    expect(details.locator("li canvas")).to_have_count(num_photos)


def test_keys_are_explained(result: Page) -> None:
    page = result
    page.locator("#viewer canvas").first.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Measure")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_two_photos_are_refused_before_they_are_sent(page: Page, tiny_photos: Path) -> None:
    log_in(page, "alice")
    page.goto("/jobs/new/")
    page.set_input_files("#files", sorted(tiny_photos.iterdir())[:2])
    expect(page.get_by_role("alert")).to_contain_text("At least 3 photos are needed")
    expect(page.get_by_role("button", name="Upload and start")).to_be_disabled()


def test_a_refused_archive_says_what_to_do(page: Page, tmp_path: Path) -> None:
    log_in(page, "alice")
    (tmp_path / "no.zip").write_bytes(b"this is not a ZIP archive")
    page.goto("/jobs/new/")
    page.set_input_files("#files", tmp_path / "no.zip")
    page.get_by_role("button", name="Upload and start").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("not a ZIP archive")
    expect(alert).to_contain_text("Send a ZIP archive, or the photos themselves.")
    expect(page.get_by_role("button", name="Upload and start")).to_be_enabled()


@pytest.mark.parametrize("width", [1280, 390, 360])
@pytest.mark.parametrize("path", ["/jobs/", "/jobs/new/", "/accounts/password/"])
def test_pages_fit_the_screen(page: Page, path: str, width: int) -> None:
    log_in(page, "alice")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_api_documentation_needs_no_other_server(
    browser: Browser, stack: LiveStack, path: str
) -> None:
    """Redoc asks for its maker's logo; the content security policy does not let it."""
    with browser.new_page() as page:
        hosts = set()
        page.on("response", lambda response: hosts.add(response.url.split("/")[2]))
        page.goto(stack.url + path)
        words = page.get_by_text("Upload photos and queue a job for them")
        expect(words.filter(visible=True).first).to_be_visible()
        assert hosts == {stack.url.removeprefix("http://")}
