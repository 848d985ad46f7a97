"""Alerts over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from mlops.models import Alert, AlertEvent


class NotificationSerializer(serializers.Serializer[Any]):
    """Alertmanager's webhook, version 4; this describes it, `alert_messages` reads it."""

    version = serializers.CharField(help_text='"4".')
    groupKey = serializers.CharField()  # noqa: N815  # Alertmanager's name
    status = serializers.CharField(help_text="firing or resolved.")
    receiver = serializers.CharField()
    alerts = serializers.ListField(
        child=serializers.DictField(),
        help_text="Each with status, labels, annotations, startsAt, endsAt, fingerprint.",
    )


class ReceptionSerializer(serializers.Serializer[Any]):
    num_alerts = serializers.IntegerField()
    experiment = serializers.UUIDField(
        source="experiment.pk",
        default=None,
        allow_null=True,
        help_text="That this notification started; null: none.",
    )


class SilenceSerializer(serializers.Serializer[Any]):
    hours = serializers.FloatField(min_value=0, help_text="From now on; 720 at most.")
    reason = serializers.CharField(max_length=2000, help_text="Goes into the alert's history.")


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    who = serializers.CharField(source="who_name", read_only=True, help_text="Empty: nobody.")

    class Meta:
        model = AlertEvent
        fields = ("at", "kind", "who", "words")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    url = serializers.SerializerMethodField()
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    summary = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    events = AlertEventSerializer(many=True, read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id", "url", "name", "state", "summary", "description", "labels", "starts_at",
            "resolved_at", "acknowledged_at", "num_notifications", "last_notified_at",
            "experiment", "not_started", "events",
        )  # fmt: skip

    @extend_schema_field(serializers.URLField())
    def get_url(self, alert: Alert) -> str:
        return reverse("api:alert-detail", args=[alert.pk], request=self.context.get("request"))
