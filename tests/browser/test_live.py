"""The model grows on the page while cameras are placed."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.live import LiveStack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights]

LONG_MS = 240_000


def num_drawn_pixels(page: Page) -> int:
    """Pixels of the live canvas that are clearly not its background."""
    picture = page.locator("#live canvas").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    pixels = pixels[20:-40, 20:-20]  # without the page in the round corners, and the words
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    background = colours[counts.argmax()]
    return int((np.abs(pixels - background).max(axis=2) > 40).sum())


def facts(page: Page) -> tuple[int, int]:
    """Placed photos and points as the live view names them."""
    words = page.locator("#live [data-part=facts]").text_content() or ""
    photos, points = re.findall(r"[\d,]+", words)
    return int(photos.replace(",", "")), int(points.replace(",", ""))


@pytest.mark.parametrize("width", [1280, 360])
def test_points_and_cameras_appear(
    page: Page, stack: LiveStack, slow_photos: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, "alice")
    job_id = stack.upload_folder("alice", slow_photos, name="Growing", preset="quick")
    page.goto(f"/jobs/{job_id}/")
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator("#live")).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#live [data-part=facts]")).to_contain_text(
        "photos placed", timeout=LONG_MS
    )
    page.wait_for_timeout(300)
    first_facts, first_pixels = facts(page), num_drawn_pixels(page)
    assert first_pixels > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    grown, pixels = first_facts, first_pixels
    while page.locator("#live").count() and grown[0] < first_facts[0] + 3:
        page.wait_for_timeout(200)
        grown, pixels = facts(page), num_drawn_pixels(page)
    assert grown[0] > first_facts[0]
    assert grown[1] > first_facts[1]
    assert pixels > first_pixels
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Partial result: stopped after")).to_be_visible(timeout=10_000)
    expect(page.locator("#viewer")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
