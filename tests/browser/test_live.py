"""The model grows on the page while cameras are placed."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
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
REPORT_FACTS = """
document.addEventListener("DOMContentLoaded", () => {
  const facts = document.querySelector("#live [data-part=facts]");
  if (!facts) return;
  new MutationObserver(() => window.grow(facts.textContent)).observe(facts, { childList: true });
});
"""


def read_numbers(words: str) -> tuple[int, ...]:
    """Placed photos and points."""
    return tuple(int(number.replace(",", "")) for number in re.findall(r"[\d,]+", words))


def num_drawn_pixels(page: Page) -> int:
    """Pixels of the live canvas that are clearly not its background."""
    picture = page.locator("#live canvas").screenshot(timeout=10_000)
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    pixels = pixels[20:-40, 20:-20]  # without the page in the round corners, and the words
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    background = colours[counts.argmax()]
    return int((np.abs(pixels - background).max(axis=2) > 40).sum())


def count_drawn_pixels(page: Page) -> Iterator[int]:
    """Again and again, until the page shows the result instead."""
    is_live = True
    while is_live:
        with suppress(PlaywrightError):  # the page is just loading anew
            is_live = page.locator("#live").count() > 0
            yield num_drawn_pixels(page)
        page.wait_for_timeout(100)


@pytest.mark.long
@pytest.mark.parametrize("width", [1280, 360])
def test_points_and_cameras_appear(
    page: Page, stack: LiveStack, slow_photos: Path, width: int
) -> None:
    grown: list[tuple[int, ...]] = []
    page.expose_function("grow", lambda words: grown.append(read_numbers(words)))
    page.add_init_script(REPORT_FACTS)
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
    pixels = list(count_drawn_pixels(page))
    assert max(pixels, default=0) > 200
    photos, points = zip(*grown, strict=True)
    assert list(photos) == sorted(photos)
    assert photos[-1] > photos[0]
    assert points[-1] > points[0]
    expect(page.locator("#viewer")).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#live")).to_have_count(0)
