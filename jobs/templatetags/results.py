"""What became of jobs under one version of the served configuration."""

from typing import Any

from django import template
from django.db.models import Count

from jobs.models import Job
from jobs.states import JobState

register = template.Library()

_NUM_SHOWN = 20


@register.inclusion_tag("admin/jobs/_results.html", takes_context=True)
def results_of_version(context: template.Context, version: int) -> dict[str, Any]:
    """Jobs by state, and the newest by name for those who may see jobs."""
    jobs = Job.objects.filter(configuration_version=version)
    by_state = dict(jobs.order_by().values_list("state").annotate(Count("pk")))
    may_see = context["request"].user.has_perm("jobs.view_job")
    return {
        "version": version,
        "num_jobs": sum(by_state.values()),
        "states": [(state.label, by_state[state]) for state in JobState if state in by_state],
        "jobs": jobs[:_NUM_SHOWN] if may_see else [],
    }
