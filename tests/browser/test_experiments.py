"""Experiments as an operator sees them, in a real browser, against the real service."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.browser.looking import wait_until
from tests.live import PASSWORD, LiveStack
from tests.mlops.experiments import BAD, GOOD, spec_text

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights]

_SETUP = """
import json
from itertools import pairwise
from pathlib import Path
from accounts.public import User, ensure_user
from tests.mlops import experiments
ensure_user(username="olga", password={password!r})
User.objects.filter(username="olga").update(is_staff=True)
olga = User.objects.get(username="olga")
done = experiments.done(olga, result=Path({result!r}))
running = experiments.waiting(olga, name="At work")
experiments.running(running, until="run_pipeline")
Path({answer!r}).write_text(json.dumps([str(done.pk), str(running.pk)]))
"""
_TELL = """
from uuid import UUID
from mlops import lifecycle
from mlops.lifecycle import Lease
from mlops.states import StageState
lease = Lease(experiment_id=UUID({experiment!r}), attempt=1)
{tell}
"""


@pytest.fixture(scope="module")
def experiments(
    stack: LiveStack, tiny_result: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """Ids of one that is done and one that runs."""
    answer = tmp_path_factory.mktemp("experiments") / "ids.json"
    code = _SETUP.format(password=PASSWORD, result=str(tiny_result), answer=str(answer))
    stack.manage("shell", code=f"exec({code!r})\n")
    finished, active = json.loads(answer.read_text())
    return finished, active


def tell(stack: LiveStack, experiment: str, words: str) -> None:
    """What the experiment's own process would say to the database."""
    code = _TELL.format(experiment=experiment, tell=words)
    stack.manage("shell", code=f"exec({code!r})\n")


def unlabelled_controls(page: Page) -> list[str]:
    """Fields, buttons, links and pictures without a name that a screen reader could say."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, select, textarea, input, img, summary")]
          .filter((element) => element.type !== "hidden")
          .filter((element) => !(element.labels?.length || element.getAttribute("aria-label")
            || element.textContent.trim() || element.matches("[alt]")
            || element.querySelector("[alt]")))
          .map((element) => element.outerHTML)"""
    )
    return found


def heading_levels(page: Page) -> list[int]:
    levels: list[int] = page.evaluate(
        """() => [...document.querySelectorAll("main h1, main h2, main h3, main h4")]
          .filter((element) => !element.closest("dialog"))
          .map((element) => Number(element.tagName[1]))"""
    )
    return levels


@pytest.mark.parametrize("width", [1280, 360])
def test_pages_fit_and_can_be_read_aloud(
    page: Page, experiments: tuple[str, str], width: int
) -> None:
    finished, active = experiments
    log_in(page, "olga")
    page.set_viewport_size({"width": width, "height": 800})
    compared = f"compare/?a={finished}/champion&b={finished}/{GOOD}"
    for path in ("", "new/", f"{finished}/", f"{active}/", compared):
        page.goto(f"/experiments/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        levels = heading_levels(page)
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert unlabelled_controls(page) == [], path


def test_the_list_leads_to_what_was_found(page: Page, experiments: tuple[str, str]) -> None:
    log_in(page, "olga")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Experiments").click()
    row = page.get_by_role("row", name="Larger photos")
    expect(row).to_contain_text("71.50 %")
    expect(row).to_contain_text("+1.50")
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Larger photos")
    refused = page.get_by_role("article").filter(has_text=BAD)
    expect(refused).to_contain_text("✕")
    expect(refused).to_contain_text("not passed")
    page.get_by_alt_text("How alike the photos are, grouped by scene").scroll_into_view_if_needed()
    wait_until(
        page, "[...document.querySelectorAll('.figure img')].every((i) => i.naturalWidth === 640)"
    )


def test_a_running_one_is_followed_without_a_reload(
    page: Page, stack: LiveStack, experiments: tuple[str, str]
) -> None:
    active = experiments[1]
    log_in(page, "olga")
    page.goto(f"/experiments/{active}/")
    page.evaluate("window.isSamePage = true")
    stage = page.locator("[data-stage=run_pipeline]")
    expect(stage).to_have_attribute("aria-current", "step")
    progress = "done=3, total=12, words='champion on plaza, seed 0'"
    tell(stack, active, f"lifecycle.record_progress(lease, 'run_pipeline', {progress})")
    expect(stage).to_contain_text("3 of 12 · champion on plaza, seed 0", timeout=8000)
    expect(stage.get_by_role("progressbar")).to_be_visible()
    ended = "lifecycle.end_stage(lease, 'run_pipeline', StageState.DONE, seconds=200.0)"
    tell(stack, active, ended)
    expect(stage).to_contain_text("Done, 3 min 20 s", timeout=8000)
    expect(page.locator("#stage-news")).to_have_text("Run the trials: done")
    failed = "code='data_missing', message='The folder has gone.', next_step='Bring it back.'"
    tell(stack, active, f"lifecycle.fail(lease, {failed})")
    expect(page.get_by_text("Bring it back.")).to_be_visible(timeout=8000)
    assert page.evaluate("window.isSamePage")
    page.get_by_role("button", name="Run again").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("goes on where it stopped")
    dialog.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status").first).to_contain_text("It goes on where it stopped.")
    expect(page.get_by_text("Bring it back.")).to_have_count(0)


def test_start_and_cancel_by_keyboard(page: Page, tmp_path: Path, labelled_photos: Path) -> None:
    log_in(page, "olga")
    page.goto("/experiments/new/")
    spec = page.get_by_label("What to try")
    spec.fill(spec_text(sedes=[1]))
    page.get_by_label("Labelled photos").fill(str(tmp_path / "nowhere"))
    page.keyboard.press("Enter")
    expect(page.locator("#id_spec_error")).to_contain_text("sedes: unknown option; did you mean")
    expect(page.locator("#id_data_error")).to_contain_text("is not there")
    spec.fill(spec_text(name="By keyboard"))
    page.get_by_label("Labelled photos").fill(str(labelled_photos))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(page.locator(".page-head .chip")).to_have_text("Cancelled", timeout=15_000)


def views(page: Page) -> tuple[np.ndarray, np.ndarray]:
    """Camera positions of A and B relative to their targets."""
    a, b = page.evaluate("window.scene3dCompare()")
    offsets = [np.subtract(side["view"]["position"], side["view"]["target"]) for side in (a, b)]
    return offsets[0], offsets[1]


def test_linked_models_turn_together(page: Page, experiments: tuple[str, str]) -> None:
    finished = experiments[0]
    log_in(page, "olga")
    page.goto(f"/experiments/compare/?a={finished}/champion&b={finished}/{BAD}")
    page.get_by_label("Dataset").select_option("plaza")
    wait_until(page, "window.scene3dCompare?.().every((side) => side.numPoints > 1000)")
    page.wait_for_timeout(500)
    before = views(page)
    np.testing.assert_allclose(before[0], before[1], rtol=1e-3)
    page.locator("[data-side=b] canvas").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(1500)
    turned = views(page)
    assert np.linalg.norm(turned[1] - before[1]) > 0.2 * np.linalg.norm(before[1])
    np.testing.assert_allclose(turned[0], turned[1], rtol=1e-3)
    page.get_by_label("Linked", exact=True).uncheck()
    page.locator("[data-side=a] canvas").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1500)
    apart = views(page)
    np.testing.assert_array_equal(apart[1], turned[1])
    assert np.linalg.norm(apart[0] - turned[0]) > 0.05 * np.linalg.norm(turned[0])


def test_a_missing_model_says_so(page: Page, experiments: tuple[str, str]) -> None:
    finished = experiments[0]
    log_in(page, "olga")
    page.goto(f"/experiments/compare/?a={finished}/champion&b={finished}/{BAD}")
    expect(page.get_by_label("Dataset")).to_have_value("gate")
    expect(page.locator("[data-side=b]")).to_contain_text("No model came out of these photos.")
    expect(page.locator("[data-side=a]")).to_contain_text("11 of 12 photos")
