"""Candidates and configurations over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from mlops.differences import differences, engines_options
from mlops.models import Candidate, Configuration


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="Goes into the audit log.", max_length=2000)


class RollBackSerializer(ReasonSerializer):
    version = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="0: the engine's own presets; without it: what was served before.",
    )


class GateSerializer(serializers.Serializer[Any]):
    gate = serializers.CharField()
    passed = serializers.BooleanField()
    words = serializers.CharField()


class CandidateSerializer(serializers.ModelSerializer[Candidate]):
    url = serializers.SerializerMethodField()
    experiment_name = serializers.CharField(source="experiment.name", read_only=True)
    tracking_url = serializers.CharField(source="experiment.tracking_url", read_only=True)
    reasons = GateSerializer(many=True, read_only=True)
    metrics = serializers.DictField(
        read_only=True, help_text="score, mAA, …, and those of the champion beside it."
    )
    options = serializers.DictField(read_only=True, help_text="Complete.")
    proposed_by = serializers.CharField(read_only=True, allow_null=True)
    configurations = serializers.PrimaryKeyRelatedField[Configuration](
        many=True, read_only=True, help_text="Versions that it became."
    )

    class Meta:
        model = Candidate
        fields = (
            "id", "url", "experiment", "experiment_name", "tracking_url", "trial", "preset",
            "state", "passed", "reasons", "metrics", "options", "options_fingerprint",
            "tracked_run", "tracked_version", "proposed_by", "configurations", "created_at",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, candidate: Candidate) -> str:
        return reverse(
            "api:candidate-detail", args=[candidate.pk], request=self.context.get("request")
        )


class ConfigurationSerializer(serializers.ModelSerializer[Configuration]):
    url = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by_name", read_only=True)
    experiment = serializers.UUIDField(
        source="candidate.experiment_id", read_only=True, default=None, allow_null=True
    )
    restores = serializers.IntegerField(
        source="restored_version",
        read_only=True,
        allow_null=True,
        help_text="Of a roll-back: the version whose options it has; 0: the engine's own presets.",
    )
    options = serializers.DictField(
        read_only=True, help_text="Complete, by preset; others are the engine's own."
    )
    differences = serializers.SerializerMethodField(
        help_text="What differs from the engine's presets, by preset."
    )

    class Meta:
        model = Configuration
        fields = (
            "version", "url", "is_active", "reason", "created_at", "created_by", "candidate",
            "experiment", "restores", "differences", "options",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, configuration: Configuration) -> str:
        return reverse(
            "api:configuration-detail",
            args=[configuration.pk],
            request=self.context.get("request"),
        )

    @extend_schema_field(serializers.DictField())
    def get_differences(self, configuration: Configuration) -> dict[str, Any]:
        return {
            name: differences(options, engines_options(name))
            for name, options in configuration.options.items()
        }
