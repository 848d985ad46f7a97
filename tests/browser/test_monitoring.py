"""The monitoring page in a real browser: drawn under the content security policy, on any screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.browser.test_experiments import heading_levels, unlabelled_controls
from tests.live import PASSWORD, LiveStack

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.weights]

_SETUP = f"""
from datetime import timedelta
from django.utils import timezone
from jobs.models import Job
from accounts.public import User, ensure_user
from mlops import alerts
from mlops.alert_messages import parse_notification
from tests.jobs.builders import make_done
from tests.mlops.notifications import alert, body
ensure_user(username="mona", password={PASSWORD!r})
User.objects.filter(username="mona").update(is_staff=True)
mona = User.objects.get(username="mona")
for number in range(4):
    job = make_done(mona, num_photos=4 + number)
    at = timezone.now() - timedelta(seconds=3 - number)
    Job.objects.filter(pk=job.pk).update(queued_at=at, started_at=at, finished_at=at)
summary = {{"summary": "The disk is almost full.", "description": "Delete jobs."}}
alerts.receive(parse_notification(body(alert("DiskWillFill", annotations=summary))))
"""


@pytest.fixture(scope="module")
def watched(stack: LiveStack) -> LiveStack:
    stack.manage("shell", code=f"exec({_SETUP!r})\n")
    return stack


@pytest.mark.parametrize("width", [1280, 360])
def test_the_state_the_trends_and_an_alert(page: Page, watched: LiveStack, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    log_in(page, "mona")
    page.get_by_role("link", name="Monitoring").click()
    expect(page.locator(".tile")).to_have_count(7)
    expect(page.locator(".tile", has_text="Workers")).to_contain_text("1 ready")
    expect(page.locator(".trend canvas")).to_have_count(4)
    first = page.locator(".trend").first
    expect(first).to_contain_text("now 86 %, between 75 and ")  # other tests' jobs came before
    is_drawn = page.evaluate(
        """() => [...document.querySelectorAll(".trend canvas")].every((canvas) =>
          canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            .data.some((value) => value > 0))"""
    )
    assert is_drawn
    first.locator(".u-over").hover(position={"x": 2, "y": 60})
    expect(first).to_contain_text(re.compile(r"\d\d:\d\d: \d+ %"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert unlabelled_controls(page) == []
    assert heading_levels(page)[0] == 1

    page.get_by_role("link", name="The disk is almost full.").click()
    page.get_by_label("Why?").fill("A new disk comes.")
    page.get_by_role("button", name="Silence it").click()
    expect(page.locator(".messages")).to_contain_text("start no experiment")
    page.get_by_role("button", name="Let it speak again").click()
    expect(page.get_by_role("button", name="Silence it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert unlabelled_controls(page) == []
