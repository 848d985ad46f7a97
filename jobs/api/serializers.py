"""Jobs over the wire."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from drift.public import SEVERITY, upload_facts, upload_verdict
from jobs.estimates import estimate, learned_seconds, queue_wait_s
from jobs.models import Artifact, Export, Feedback, Job, Photo, Preset
from jobs.presets import effective_options
from jobs.states import JobState
from jobs.turns import ahead_of

_VERDICTS = f"One of {', '.join(SEVERITY)}."


class ProgressSerializer(serializers.Serializer[Any]):
    stage = serializers.CharField(allow_null=True)
    done = serializers.IntegerField(help_text="Units of the stage that are finished.")
    total = serializers.IntegerField(help_text="Units of the stage.")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Such as num_registered, num_points."
    )
    percent = serializers.IntegerField(help_text="Of the whole job, 0 to 100.")
    eta_s = serializers.IntegerField(
        allow_null=True, help_text="Seconds to the end, the queue included; null while unknown."
    )


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()
    evidence = serializers.DictField()


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    url = serializers.SerializerMethodField()
    size = serializers.IntegerField(source="num_bytes", help_text="Bytes.")

    class Meta:
        model = Artifact
        fields = ("name", "url", "size", "sha256", "media_type")

    @extend_schema_field(serializers.URLField())
    def get_url(self, artifact: Artifact) -> str:
        return reverse(
            "api:job-artifact",
            args=[artifact.job_id, artifact.name],
            request=self.context.get("request"),
        )


class ExportSerializer(serializers.ModelSerializer[Export]):
    url = serializers.SerializerMethodField()
    size = serializers.IntegerField(source="num_bytes", allow_null=True, help_text="Bytes.")

    class Meta:
        model = Export
        fields = ("name", "status", "url", "size", "sha256", "error_message")

    @extend_schema_field(serializers.URLField())
    def get_url(self, export: Export) -> str:
        return reverse(
            "api:job-artifact",
            args=[export.job_id, export.name],
            request=self.context.get("request"),
        )


class ScaleSerializer(serializers.Serializer[Any]):
    metres_per_unit = serializers.FloatField(
        allow_null=True,
        min_value=1e-9,
        max_value=1e9,
        help_text="How many metres a unit of the model is; null: not known.",
    )


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job in a list."""

    url = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    is_partial = serializers.BooleanField(
        read_only=True, help_text="There is a result, but mapping ended before it was complete."
    )
    partial_reason = serializers.CharField(
        read_only=True, allow_null=True, help_text="cancelled, time_limit or native_crash."
    )
    statistics = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            "id", "url", "name", "state", "stage", "preset", "configuration_version", "num_photos",
            "progress", "queue_position", "error", "is_partial", "partial_reason", "statistics",
            "created_at", "started_at", "finished_at",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: Job) -> str:
        return reverse("api:job-detail", args=[job.pk], request=self.context.get("request"))

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, job: Job) -> dict[str, Any]:
        return progress_of(job)

    @extend_schema_field(serializers.IntegerField(allow_null=True, help_text="1 is next."))
    def get_queue_position(self, job: Job) -> int | None:
        return queue_position_of(job)

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, Any] | None:
        return error_of(job)

    @extend_schema_field(serializers.DictField(help_text="The counts of the report."))
    def get_statistics(self, job: Job) -> dict[str, Any]:
        return job.counts


class DriftFeatureSerializer(serializers.Serializer[Any]):
    feature = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.CharField(help_text=_VERDICTS)
    words = serializers.CharField(help_text="Empty where nothing is unusual.")
    value = serializers.FloatField(allow_null=True, help_text="Of the median photo.")
    usual = serializers.FloatField(allow_null=True, help_text="The baseline's median.")
    effect = serializers.FloatField(
        allow_null=True, help_text="How far apart, in deviations between scenes."
    )
    photos = serializers.ListField(
        child=serializers.IntegerField(), help_text="Indices of those that cause it."
    )


class DriftSerializer(serializers.Serializer[Any]):
    status = serializers.CharField(help_text=_VERDICTS)
    words = serializers.CharField()
    baseline_version = serializers.CharField(allow_null=True)
    features = DriftFeatureSerializer(many=True)


class FeedbackSerializer(serializers.Serializer[Any]):
    thumb = serializers.ChoiceField(choices=["up", "down"])
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=500, help_text="Why."
    )


class JobDetailSerializer(JobSerializer):
    """A job with everything that belongs to its page."""

    artifacts = ArtifactSerializer(
        many=True,
        read_only=True,
        help_text="Sizes and checksums are those of the files in model units.",
    )
    exports = ExportSerializer(
        many=True, read_only=True, help_text="Made on demand, or artifacts in metres."
    )
    preflight = serializers.DictField(
        allow_null=True,
        read_only=True,
        help_text="A first look: advice (code, message, photos), expected_seconds,"
        " expected_memory_mb; null before it.",
    )
    models = serializers.ListField(
        child=serializers.DictField(), source="model_rows", read_only=True
    )
    stages = serializers.SerializerMethodField()
    drift = serializers.SerializerMethodField()
    feedback = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields: tuple[str, ...] = (
            *JobSerializer.Meta.fields, "attempt", "options", "options_fingerprint",
            "num_ignored_files", "metres_per_unit", "preflight", "drift", "stages", "models",
            "artifacts", "exports", "feedback",
        )  # fmt: skip

    @extend_schema_field(
        serializers.DictField(child=serializers.FloatField(), help_text="Seconds.")
    )
    def get_stages(self, job: Job) -> dict[str, float]:
        return job.stage_seconds

    @extend_schema_field(DriftSerializer(allow_null=True))
    def get_drift(self, job: Job) -> dict[str, Any] | None:
        verdict = upload_verdict(job.pk)
        return upload_facts(verdict) if verdict is not None else None

    @extend_schema_field(FeedbackSerializer(allow_null=True))
    def get_feedback(self, job: Job) -> dict[str, str] | None:
        return feedback_of_owner(job)


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    thumbnail = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = (
            "index", "name", "status", "reason", "explanation", "action", "evidence",
            "width_px", "height_px", "focal_px", "num_keypoints", "num_verified_pairs", "model",
            "num_observations", "mean_error_px", "num_bytes", "thumbnail", "preview",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_thumbnail(self, photo: Photo) -> str | None:
        return self._picture(photo, "thumbnail", photo.thumbnail_path)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_preview(self, photo: Photo) -> str | None:
        return self._picture(photo, "preview", photo.preview_path)

    def _picture(self, photo: Photo, kind: str, path: str | None) -> str | None:
        request = self.context.get("request")
        arguments = [photo.job_id, photo.index, kind]
        return reverse("api:job-picture", args=arguments, request=request) if path else None


class PresetSerializer(serializers.ModelSerializer[Preset]):
    title = serializers.CharField(read_only=True)
    purpose = serializers.CharField(read_only=True)
    cost = serializers.CharField(read_only=True)
    licence = serializers.CharField(read_only=True)
    options = serializers.SerializerMethodField()
    is_available = serializers.SerializerMethodField()

    class Meta:
        model = Preset
        fields = (
            "name", "title", "purpose", "cost", "licence", "is_default", "is_available", "options",
        )  # fmt: skip

    @extend_schema_field(serializers.DictField())
    def get_options(self, preset: Preset) -> dict[str, Any]:
        return effective_options(preset, {}).to_dict()

    @extend_schema_field(
        serializers.BooleanField(allow_null=True, help_text="null while no worker runs.")
    )
    def get_is_available(self, preset: Preset) -> bool | None:
        available: dict[str, bool] = self.context["available"]
        return available.get(preset.base)


class UploadSerializer(serializers.Serializer[Any]):
    """One multipart request: a ZIP, or the photos."""

    archive = serializers.FileField(
        required=False, allow_empty_file=True, help_text="A ZIP of photos."
    )
    photos = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        required=False,
        help_text="Or the photos themselves, each as a part of this name.",
    )
    uploads = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        help_text="Or ids of finished uploads (see /uploads/): one ZIP, or photos.",
    )
    archive_sha256 = serializers.RegexField(
        "^[0-9a-fA-F]{64}$",
        required=False,
        help_text="Of the ZIP; one that arrives otherwise is refused.",
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    preset = serializers.CharField(required=False, allow_blank=True, max_length=50)
    options = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text='JSON of options that differ from the preset, such as {"seed": 1}.',
    )

    def validate_options(self, value: str) -> dict[str, Any]:
        if not value:
            return {}
        try:
            options = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError("This is not JSON.") from error
        if not isinstance(options, dict):
            raise serializers.ValidationError("This is not a JSON object.")
        return options


def progress_of(job: Job) -> dict[str, Any]:
    """What the bar shows."""
    shown = {
        "stage": job.stage,
        "done": job.stage_done,
        "total": job.stage_total,
        "counts": job.stage_counts,
        "percent": 100 if job.state == JobState.DONE else 0,
        "eta_s": None,
    }
    if job.is_active:
        estimated = estimate(job, learned_seconds(job.options_fingerprint))
        shown |= {"percent": estimated.percent, "eta_s": estimated.eta_s}
    if job.state == JobState.QUEUED and shown["eta_s"] is not None:
        wait_s = queue_wait_s(job)
        shown["eta_s"] = None if wait_s is None else shown["eta_s"] + wait_s
    return shown


def queue_position_of(job: Job) -> int | None:
    if job.state != JobState.QUEUED:
        return None
    return 1 + ahead_of(job).count()


def feedback_of_owner(job: Job) -> dict[str, str] | None:
    """Nobody else sees the job."""
    given = job.feedback.filter(user=job.owner_id).first()
    return feedback_of(given) if given is not None else None


def feedback_of(given: Feedback) -> dict[str, str]:
    return {"thumb": "up" if given.is_up else "down", "reason": given.reason}


def error_of(job: Job) -> dict[str, Any] | None:
    """Never the traceback: that is the operator's."""
    if job.error_code is None:
        return None
    return {
        "code": job.error_code,
        "message": job.error_message or "",
        "next_step": job.error_next_step or "",
        "evidence": job.error_evidence,
    }
