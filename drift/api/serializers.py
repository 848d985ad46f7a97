"""Baselines, and the state of the service, over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from drift.documents import SEVERITY
from drift.models import Baseline
from drift.state import jobs_behind

_VERDICTS = f"One of {', '.join(SEVERITY)}."


class ActivateSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="Is kept with the activation.", max_length=2000)


class BaselineSerializer(serializers.ModelSerializer[Baseline]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Baseline
        fields: tuple[str, ...] = (
            "id", "url", "content_version", "is_active", "source", "note", "num_photos",
            "num_scenes", "made_by", "created_at",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, baseline: Baseline) -> str:
        return reverse(
            "api:baseline-detail", args=[baseline.pk], request=self.context.get("request")
        )


class BaselineDetailSerializer(BaselineSerializer):
    document = serializers.DictField(help_text="Every distribution, as baseline.json has it.")

    class Meta(BaselineSerializer.Meta):
        fields = (*BaselineSerializer.Meta.fields, "document")


class FeatureStateSerializer(serializers.Serializer[Any]):
    feature = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.CharField(help_text=f"{_VERDICTS} What has held for several windows.")
    words = serializers.CharField(help_text="Of the current window; empty where it is as usual.")
    value = serializers.FloatField(allow_null=True)
    usual = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True, help_text="In deviations between scenes.")
    z = serializers.FloatField(allow_null=True, help_text="In standard errors, signed.")
    jobs = serializers.SerializerMethodField(help_text="Those behind it, the strangest first.")

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_jobs(self, state: Any) -> list[str]:
        if state.verdict in {"ok", "unknown"} and not state.words:
            return []
        return [str(job_id) for job_id in jobs_behind(state.feature)]


class ServiceStateSerializer(serializers.Serializer[Any]):
    status = serializers.CharField(help_text=_VERDICTS)
    words = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    performance = serializers.CharField(help_text=f"{_VERDICTS} Of the outcomes.")
    window_jobs = serializers.IntegerField()
    window_photos = serializers.IntegerField()
    window_at = serializers.DateTimeField(allow_null=True)
    mmd2 = serializers.FloatField(allow_null=True)
    baseline = serializers.CharField(allow_null=True, help_text="Its content's version.")
    features = FeatureStateSerializer(many=True)
    outcomes = FeatureStateSerializer(many=True)
