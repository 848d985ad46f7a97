"""Experiments over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from mlops.findings import findings_of
from mlops.models import Experiment
from mlops.stage_graph import stage_rows
from mlops.states import StageState
from mlops.submission import MAX_SPEC_LENGTH


class StartSerializer(serializers.Serializer[Any]):
    spec = serializers.DictField(required=False, help_text="As params.yaml holds it.")
    spec_yaml = serializers.CharField(
        required=False, max_length=MAX_SPEC_LENGTH, help_text="The same as YAML."
    )
    data = serializers.CharField(  # type: ignore[assignment]  # a declared field hides nothing
        required=False,
        allow_blank=True,
        default="",
        max_length=500,
        help_text="Folder on this server, instead of the spec's.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("spec" in attrs) == ("spec_yaml" in attrs):
            raise serializers.ValidationError("Give either spec or spec_yaml.")
        return attrs


class ExperimentErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()


class ExperimentStageSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(StageState.choices)
    words = serializers.CharField(help_text="What it is at, or why it ended.")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class BestTrialSerializer(serializers.Serializer[Any]):
    trial = serializers.CharField(source="name")
    score = serializers.FloatField(help_text="Percent.")
    gain = serializers.FloatField(help_text="Over the champion's score.")
    passed = serializers.BooleanField(help_text="Every gate.")


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    url = serializers.SerializerMethodField()
    started_by = serializers.CharField(source="started_by.username", default=None, allow_null=True)
    best = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Experiment
        fields: tuple[str, ...] = (
            "id", "url", "name", "state", "trigger", "started_by", "created_at", "started_at",
            "finished_at", "data", "data_hash", "spec_fingerprint", "best", "error",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_url(self, experiment: Experiment) -> str:
        request = self.context.get("request")
        return reverse("api:experiment-detail", args=[experiment.pk], request=request)

    @extend_schema_field(BestTrialSerializer(allow_null=True))
    def get_best(self, experiment: Experiment) -> dict[str, Any] | None:
        findings = findings_of(experiment)
        best = findings.best if findings else None
        return BestTrialSerializer(best).data if best else None

    @extend_schema_field(ExperimentErrorSerializer(allow_null=True))
    def get_error(self, experiment: Experiment) -> dict[str, str] | None:
        if not experiment.error_code:
            return None
        return {
            "code": experiment.error_code,
            "message": experiment.error_message,
            "next_step": experiment.error_next_step,
        }


class ExperimentDetailSerializer(ExperimentSerializer):
    stages = serializers.SerializerMethodField()
    spec = serializers.DictField(read_only=True, help_text="As it is run.")
    evaluation = serializers.DictField(
        read_only=True, help_text="Scores of every trial; empty before there are any."
    )
    decision = serializers.DictField(
        read_only=True, help_text="Every gate of every trial; empty before there are any."
    )

    class Meta(ExperimentSerializer.Meta):
        fields: tuple[str, ...] = (
            *ExperimentSerializer.Meta.fields, "attempt", "tracking_url", "stages", "spec",
            "evaluation", "decision",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ExperimentStageSerializer(many=True))
    def get_stages(self, experiment: Experiment) -> list[dict[str, Any]]:
        return list(ExperimentStageSerializer(stage_rows(experiment), many=True).data)
