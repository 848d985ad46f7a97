"""Work that one process at a time does, on any number of machines: a row says which."""

import os
import socket
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from jobs.worker_models import Duty

TERM = timedelta(seconds=20)
"""Whoever is on duty and says nothing for this long is relieved."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def is_on_duty(name: str) -> bool:
    """Whether this process is, for another term; it is if nobody else is.

    By the database's clock. Two may be on duty for moments, such as one that was stopped and wakes
    up: what they do must be conditional.
    """
    me = f"{socket.gethostname()}.{os.getpid()}"
    Duty.objects.get_or_create(name=name, defaults={"holder": "", "until": _LONG_AGO})
    free = Duty.objects.filter(Q(holder=me) | Q(until__lt=Now()), name=name)
    return bool(free.update(holder=me, until=Now() + TERM))
