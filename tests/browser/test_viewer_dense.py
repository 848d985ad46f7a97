"""A dense result in the viewer: preview and refinement, shapes, clip box, picture and video."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Download, Page, Route, expect

from scene3d.engine.synthetic import TINY, describe_scene
from tests.browser.conftest import log_in
from tests.browser.looking import (
    canvas_pixels,
    coarse_difference,
    settle,
    wait_for_viewer,
    wait_until,
)
from tests.dense_files import DenseCounts, add_to_job
from tests.live import LiveStack

pytestmark = [
    pytest.mark.browser, pytest.mark.flow, pytest.mark.weights, pytest.mark.long,
]  # fmt: skip

COUNTS = DenseCounts(num_points=90_000, num_preview=20_000)
BYTES_PER_POINT = 16
WEBM = b"\x1a\x45\xdf\xa3"
DENSE_FILE = "**/view-0.dense.bin"


@pytest.fixture(scope="module")
def job_id(stack: LiveStack, tiny_photos: Path) -> str:
    """A job of alice's that has a dense result."""
    job_id = stack.upload_folder("alice", tiny_photos, name="A dense wall", preset="quick")
    assert stack.wait_until_over("alice", job_id)["state"] == "done"
    add_to_job(stack, job_id, describe_scene(TINY), tiny_photos, COUNTS)
    return job_id


@pytest.fixture
def portal(page: Page) -> Page:
    log_in(page, "alice")
    return page


@pytest.fixture
def result(portal: Page, job_id: str) -> Page:
    """The job's viewer with its whole cloud."""
    open_viewer(portal, job_id)
    wait_until(portal, "!window.scene3dViewer.stats().isRefining")
    return portal


@pytest.fixture
def held(portal: Page) -> Iterator[list[Route]]:
    """Requests for the full cloud, which wait until the test answers them."""
    routes: list[Route] = []

    def hold(route: Route) -> None:
        routes.append(route)

    portal.route(DENSE_FILE, hold)
    yield routes
    portal.unroute(DENSE_FILE)


def open_viewer(page: Page, job_id: str) -> None:
    page.goto(f"/jobs/{job_id}/viewer/")
    wait_for_viewer(page)


def stats(page: Page) -> Any:
    return page.evaluate("window.scene3dViewer.stats()")


def press(page: Page, key: str) -> None:
    page.locator("#viewer canvas").first.focus()
    page.keyboard.press(key)


def test_a_preview_comes_first_and_becomes_the_whole(
    portal: Page, job_id: str, held: list[Route]
) -> None:
    """While the full cloud is under way one looks round; nothing jumps when it is there."""
    page = portal
    open_viewer(page, job_id)
    before = stats(page)
    assert (before["numPoints"], before["isRefining"]) == (COUNTS.num_preview, True)
    expect(page.locator("[data-part=hud]")).to_contain_text("20,000 points")
    press(page, "ArrowRight")
    settle(page)
    moved, early = stats(page)["view"], canvas_pixels(page)
    assert moved != before["view"]
    [route] = held
    route.continue_()
    wait_until(page, "!window.scene3dViewer.stats().isRefining")
    settle(page)
    after = stats(page)
    assert after["numPoints"] == after["numVisible"] == COUNTS.num_points
    assert after["view"] == moved
    assert after["settings"] == before["settings"]
    assert coarse_difference(canvas_pixels(page), early) < 15  # finer, but the same picture
    expect(page.locator("[data-part=hud]")).to_have_text("90,000 points")
    sparse_bytes = after["gpuBytes"] - BYTES_PER_POINT * COUNTS.num_points
    assert 0 < sparse_bytes < 21 * 20_000


@pytest.mark.long
def test_the_preview_stays_when_the_rest_cannot_come(portal: Page, job_id: str) -> None:
    page = portal
    page.route(DENSE_FILE, lambda route: route.abort())
    page.goto(f"/jobs/{job_id}/viewer/")
    expect(page.locator("[data-part=note]")).to_contain_text("This is a preview")
    wait_for_viewer(page)
    now = stats(page)
    assert (now["numPoints"], now["isRefining"]) == (COUNTS.num_preview, False)
    press(page, "6")
    assert stats(page)["settings"]["shape"] == "sparse"


@pytest.mark.long
def test_points_mesh_and_sparse_points_are_three_pictures(result: Page) -> None:
    page = result
    pictures = [canvas_pixels(page)]
    for key, shape, words in (("5", "mesh", "triangles"), ("6", "sparse", "points")):
        press(page, key)
        expect(page.locator(f"#viewer [data-action=show{shape.capitalize()}]")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(page.locator("[data-part=hud]")).to_contain_text(words)
        settle(page)
        pictures.append(canvas_pixels(page))
    assert np.abs(pictures[1] - pictures[0]).mean() > 1
    assert np.abs(pictures[2] - pictures[0]).mean() > 5
    wait_until(page, "location.hash.includes('l=sparse')")
    page.reload()
    wait_for_viewer(page)
    settle(page)
    assert np.abs(canvas_pixels(page) - pictures[2]).mean() < 3  # the focus has a border
    wait_until(page, "!window.scene3dViewer.stats().isRefining")
    press(page, "4")
    settle(page)
    assert np.abs(canvas_pixels(page) - pictures[0]).mean() < 3


@pytest.mark.long
def test_only_what_a_layer_knows_can_be_its_colour(result: Page) -> None:
    page = result
    colours = page.locator("#viewer input[name=viewer-colour]")
    known = {"4": ["rgb", "height", "track"], "5": ["rgb", "height"], "6": 4 * [""]}
    for key, expected in known.items():
        press(page, key)
        expect(colours.and_(page.locator(":enabled"))).to_have_count(len(expected))
    press(page, "4")
    page.locator("#viewer input[name=viewer-colour][value=track]").check()
    legend = page.get_by_role("img", name=re.compile("Photos that see a point"))
    expect(legend).to_have_attribute("aria-label", re.compile("from [1-4] to [2-7]$"))


def test_a_clicked_place_shows_the_photos_that_show_it(result: Page) -> None:
    """The middle of the wall, which most photos show; by hand and by link."""
    page = result
    box = page.locator("#viewer canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(page, "window.scene3dViewer.stats().settings.point !== null")
    place = stats(page)["settings"]["point"]
    assert len(place) == 3
    crops = page.locator("[data-part=crops] li")
    shown = page.locator("[data-part=pointPhotos]")
    expect(shown).to_have_text(re.compile("^[2-7]$"))
    expect(crops).to_have_count(int(shown.text_content() or "0"))
    wait_until(page, "location.hash.includes('k=')")
    page.reload()
    wait_for_viewer(page)
    assert np.allclose(stats(page)["settings"]["point"], place, rtol=1e-6)


def test_the_clip_box_by_keyboard_and_by_link(result: Page) -> None:
    page = result
    slider = page.get_by_label("Top", exact=True)
    slider.focus()
    for _ in range(5):
        page.keyboard.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", "50 % cut off")
    cut = stats(page)
    assert 0.1 * COUNTS.num_points < cut["numVisible"] < 0.9 * COUNTS.num_points
    wait_until(page, "location.hash.includes('cb=0,100,0,50,0,100')")
    page.wait_for_timeout(2000)  # the box's edges are gone
    settle(page)
    cut_picture = canvas_pixels(page)
    page.reload()
    wait_for_viewer(page)
    wait_until(page, "!window.scene3dViewer.stats().isRefining")
    settle(page)
    assert stats(page)["numVisible"] == cut["numVisible"]
    assert np.abs(canvas_pixels(page) - cut_picture).mean() < 2
    press(page, "0")
    assert stats(page)["numVisible"] == COUNTS.num_points


def test_a_picture_is_wide_and_shows_no_controls(result: Page) -> None:
    page = result
    for _ in range(4):
        press(page, "-")
        settle(page)
    with page.expect_download() as download:
        press(page, "i")
    picture = np.asarray(Image.open(io.BytesIO(Path(download.value.path()).read_bytes())))
    assert picture.shape[1] >= 1920
    # The zoom buttons lie in the right bottom corner, on the background.
    height, width = picture.shape[:2]
    corner = picture[int(0.8 * height) :, int(0.94 * width) :]
    assert (corner == corner[0, 0]).all()


@pytest.mark.long
def test_a_video_goes_once_round(result: Page) -> None:
    page = result
    view = stats(page)["view"]
    with page.expect_download(timeout=120_000) as download:
        press(page, "7")
        expect(page.get_by_role("group", name="Recording a video")).to_be_visible()
    assert download.value.suggested_filename == "a-dense-wall-turntable.webm"
    video = Path(download.value.path()).read_bytes()
    assert video.startswith(WEBM)
    assert len(video) > 50_000
    assert np.allclose(stats(page)["view"]["position"], view["position"])


def test_a_video_can_be_cancelled(result: Page) -> None:
    page = result
    downloads: list[Download] = []

    def note(download: Download) -> None:
        downloads.append(download)

    page.on("download", note)
    view = stats(page)["view"]
    press(page, "7")
    bar = page.get_by_role("group", name="Recording a video")
    expect(bar).to_be_visible()
    page.wait_for_timeout(500)
    bar.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-part=note]")).to_have_text("The video is cancelled.")
    expect(bar).to_be_hidden()
    assert np.allclose(stats(page)["view"]["position"], view["position"])
    assert downloads == []


@pytest.mark.long
def test_a_browser_that_cannot_record_says_so(portal: Page, job_id: str) -> None:
    portal.add_init_script("delete window.MediaRecorder")
    open_viewer(portal, job_id)
    press(portal, "7")
    expect(portal.locator("[data-part=note]")).to_contain_text("cannot record videos")


def test_the_list_shows_the_rendered_picture(portal: Page, job_id: str) -> None:
    card = portal.locator(f"[data-job='{job_id}']")
    picture = card.get_by_role("img", name="The 3D model of A dense wall")
    expect(picture).to_be_visible()
    portal.wait_for_function(
        "document.images.length > 0 && [...document.images].every(i => i.complete)"
    )
    assert picture.evaluate("image => image.naturalWidth") == 960


def test_on_a_phone_the_controls_are_a_sheet(portal: Page, job_id: str) -> None:
    page = portal
    page.set_viewport_size({"width": 360, "height": 740})
    open_viewer(page, job_id)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    handle = page.locator("[data-part=handle]")
    expect(handle).to_have_attribute("aria-expanded", "false")
    handle.click()
    page.locator("#viewer input[name=viewer-shape][value=mesh]").check()
    expect(page.locator("[data-part=hud]")).to_contain_text("triangles")
