"""The door of this room."""

from jobs.models import Job
from jobs.states import JobState
from jobs.submission import Request, submit

__all__ = ["Job", "JobState", "Request", "submit"]
