"""What a job list can be narrowed to."""

import django_filters

from jobs.models import Job
from jobs.states import JobState


class JobFilter(django_filters.FilterSet):  # type: ignore[misc]  # has no types
    state = django_filters.MultipleChoiceFilter(choices=JobState)
    search = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", label="Part of the name."
    )
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Job
        fields = ("state", "search", "created_after", "created_before")
