"""Numbers of experiments as people read them."""

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def signed(value: float, digits: int = 2) -> str:
    """+1.20, -0.31, 0.00."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


@register.filter
def duration(value: float | timedelta | None) -> str:
    """42 s, 3 min 20 s, 2 h 5 min; "" for None."""
    if value is None:
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.filter
def share(value: float) -> str:
    """0.9512 as 95.1 %."""
    return f"{100 * value:.1f} %"
