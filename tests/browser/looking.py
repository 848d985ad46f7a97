"""What a person does with the viewer's page, and sees on it."""

import io
import time

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Position


def wait_until(page: Page, expression: str, *, timeout_s: float = 30) -> None:
    """Playwright's own waiting evaluates strings in the page, which its policy forbids."""
    deadline_s = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < deadline_s, f"never true: {expression}"
        page.wait_for_timeout(100)


def wait_for_viewer(page: Page) -> None:
    wait_until(page, "window.scene3dViewer !== undefined")
    page.evaluate("window.scene3dViewer.ready")
    page.wait_for_timeout(500)  # the first frames


def canvas_pixels(page: Page) -> np.ndarray:
    """(H, W, 3) of what the viewer's canvas shows on the screen."""
    picture = page.locator("#viewer canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def nearest_coloured_pixel(pixels: np.ndarray) -> Position:
    """The one nearest to the middle of the canvas."""
    background = pixels[5, 5]
    rows, columns = np.nonzero(np.abs(pixels - background).max(axis=2) > 60)
    height, width = pixels.shape[:2]
    nearest = np.hypot(rows - height / 2, columns - width / 2).argmin()
    return {"x": float(columns[nearest]), "y": float(rows[nearest])}


def colour_by(page: Page, mode: str) -> None:
    page.locator(f"#viewer input[name=viewer-colour][value={mode}]").check()
    page.wait_for_timeout(400)


def settle(page: Page) -> None:
    """Wait until the viewer draws no more frames."""
    before = -1
    while (frames := page.evaluate("window.scene3dViewer.stats().frames")) != before:
        before = frames
        page.wait_for_timeout(400)


def coarse_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference, in grey levels, of two pictures (H, W, 3) without their details."""
    size = (first.shape[1] // 16, first.shape[0] // 16)
    small = [
        np.asarray(Image.fromarray(picture.astype(np.uint8)).resize(size, Image.Resampling.BOX))
        for picture in (first, second)
    ]
    return float(np.abs(small[0].astype(int) - small[1]).mean())
