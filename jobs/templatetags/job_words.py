"""Times and first looks in words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import template

register = template.Library()


@register.filter
def seconds(value: float) -> str:
    """Such as "40 s", "12 min", "3 h 5 min"."""
    whole = max(round(value), 1)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def duration(value: timedelta | None) -> str:
    """`seconds` of a timedelta, with seconds below ten minutes; a dash for none."""
    if value is None:
        return "–"
    whole = round(value.total_seconds())
    if 60 <= whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return seconds(whole)


@register.filter
def preflight_words(preflight: Mapping[str, Any] | None) -> str:
    """Such as "First look at 12 photos: no problem seen. Expect about 2 min."; static/portal/job.js
    says the same."""
    if preflight is None:
        return ""
    verdict = "keep this in mind." if preflight["advice"] else "no problem seen."
    expected = seconds(preflight["expected_seconds"])
    return f"First look at {preflight['num_photos']} photos: {verdict} Expect about {expected}."
