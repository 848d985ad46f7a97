"""The model grows on the page while cameras are placed."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.live import LiveStack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights]

LONG_MS = 240_000


def num_drawn_pixels(page: Page) -> int:
    """Pixels of the live canvas that are clearly not its background."""
    picture = page.locator("#live canvas").screenshot(timeout=1000)
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    pixels = pixels[20:-40, 20:-20]  # without the page in the round corners, and the words
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    background = colours[counts.argmax()]
    return int((np.abs(pixels - background).max(axis=2) > 40).sum())


def watch(page: Page) -> Iterator[tuple[int, int, int]]:
    """Placed photos, points and drawn pixels, until the page shows the result instead."""
    while True:
        try:
            words = page.locator("#live [data-part=facts]").text_content(timeout=1000) or ""
            pixels = num_drawn_pixels(page)
        except PlaywrightError:  # the page has loaded anew
            return
        photos, points = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+", words))
        yield photos, points, pixels
        page.wait_for_timeout(100)


@pytest.mark.parametrize("width", [1280, pytest.param(360, marks=pytest.mark.long)])
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
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen = list(watch(page))
    assert seen[0][2] > 200
    assert [photos for photos, _, _ in seen] == sorted(photos for photos, _, _ in seen)
    assert seen[-1][0] > seen[0][0]
    assert seen[-1][1] > seen[0][1]
    assert max(pixels for _, _, pixels in seen) > seen[0][2]
    expect(page.locator("#viewer")).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#live")).to_have_count(0)
