"""Environment variables: types, files, and sentences that name the variable."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from scene3d.settings.env import Environment, read_environment, require_webhook_secret

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
VALUES: dict[str, tuple[str, str, Any]] = {
    "SECRET_KEY": ("secret_key", "s3cret", "s3cret"),
    "JWT_SIGNING_KEY": ("jwt_signing_key", "k", "k"),
    "DEBUG": ("debug", "true", True),
    "ALLOWED_HOSTS": ("allowed_hosts", "a.example, b.example,", ["a.example", "b.example"]),
    "CSRF_TRUSTED_ORIGINS": (
        "csrf_trusted_origins", "https://a.example", ["https://a.example"],
    ),
    "SCENE3D_NUM_PROXIES": ("num_proxies", "1", 1),
    "SCENE3D_THROTTLES": (
        "throttles", "login=5/min, read=", {
            "login": "5/min", "signup": "20/hour", "share": "120/min", "upload": "120/hour",
            "write": "240/min",
        },
    ),
    "SCENE3D_X_ACCEL": ("x_accel", "/protected/", "/protected/"),
    "DATABASE_URL": ("database_url", "postgres://u@h/d", "postgres://u@h/d"),
    "REDIS_URL": ("redis_url", "redis://h/0", "redis://h/0"),
    "MLFLOW_TRACKING_URI": (
        "mlflow_tracking_uri", "http://mlflow:5000", "http://mlflow:5000",
    ),
    "EMAIL_URL": ("email_url", "smtp://u:p@h:25", "smtp://u:p@h:25"),
    "SCENE3D_EMAIL_FROM": ("email_from", "a@example.org", "a@example.org"),
    "SCENE3D_OPERATORS": ("operators", "a@b.org,c@d.org", ["a@b.org", "c@d.org"]),
    "SCENE3D_DATA_DIR": ("data_dir", "/data", Path("/data")),
    "SCENE3D_MODEL_STORE": ("model_store", "/models", Path("/models")),
    "SCENE3D_HOST": ("host", "0.0.0.0", "0.0.0.0"),  # noqa: S104  # only a value
    "SCENE3D_PORT": ("port", "8080", 8080),
    "SCENE3D_SIGNUP": ("signup", "off", False),
    "SCENE3D_DEVICE": ("device", "cpu", "cpu"),
    "SCENE3D_NUM_THREADS": ("num_threads", "4", 4),
    "SCENE3D_MAX_UPLOAD_MB": ("max_upload_mb", "20", 20),
    "SCENE3D_MAX_ACTIVE_JOBS": ("max_active_jobs", "3", 3),
    "SCENE3D_MAX_STORED_GB": ("max_stored_gb", "0", 0),
    "SCENE3D_MAX_JOBS_PER_DAY": ("max_jobs_per_day", "7", 7),
    "SCENE3D_MAX_PHOTOS": ("max_photos", "30", 30),
    "SCENE3D_MAX_POINTS": ("max_points", "1000", 1000),
    "SCENE3D_VOXEL_SIZE": ("voxel_size", "0", 0.0),
    "SCENE3D_JOB_TIME_LIMIT_MIN": ("job_time_limit_min", "5", 5),
    "SCENE3D_RETENTION_DAYS": ("retention_days", "90", 90),
    "SCENE3D_WEBHOOK_URL": ("webhook_url", "https://a.example/x?y", "https://a.example/x?y"),
    "SCENE3D_WEBHOOK_SECRET": ("webhook_secret", WHSEC, WHSEC),
    "SCENE3D_WEBHOOK_ALLOW_PRIVATE": ("webhook_allow_private", "true", True),
    "PROMOTION_POLICY": ("promotion_policy", "approval", "approval"),
    "SCENE3D_EXPERIMENT_SCHEDULE": ("experiment_schedule", " 0 1 * * 6", "0 1 * * 6"),
    "SCENE3D_SCHEDULED_SPEC": ("scheduled_spec", "/specs/a.yaml", Path("/specs/a.yaml")),
    "SCENE3D_SHADOW_SCHEDULE": ("shadow_schedule", "*/5 0-4 * * mon-fri", "*/5 0-4 * * mon-fri"),
    "SCENE3D_SHADOW_SAMPLE": ("shadow_sample", "2", 2),
    "DRIFT_BLOCKS": ("drift_blocks", "critical", "critical"),
    "SCENE3D_WEB_PROCESSES": ("web_processes", "2", 2),
    "SCENE3D_METRICS_TOKEN": ("metrics_token", "t", "t"),
    "SCENE3D_ALERTS_TOKEN": ("alerts_token", "t", "t"),
    "SCENE3D_ALERT_SPECS": ("alert_specs", "/specs", Path("/specs")),
    "SCENE3D_TRAIN_DATA": ("train_data", "/train", "/train"),
    "SCENE3D_LOG_LEVEL": ("log_level", "DEBUG", "DEBUG"),
}  # fmt: skip


def test_the_table_names_every_variable() -> None:
    names = {field.alias: name for name, field in Environment.model_fields.items()}
    assert names == {variable: field for variable, (field, _, _) in VALUES.items()}
    assert all(field.description for field in Environment.model_fields.values())


@pytest.mark.parametrize("variable", VALUES)
def test_a_variable_is_read(variable: str) -> None:
    field, given, value = VALUES[variable]
    assert getattr(read_environment({variable: given}), field) == value
    assert getattr(read_environment({}), field) != value


@pytest.mark.parametrize("variable", VALUES)
def test_a_file_is_read_instead(variable: str, tmp_path: Path) -> None:
    field, given, value = VALUES[variable]
    path = tmp_path / "value"
    path.write_text(f"{given}\n")
    assert getattr(read_environment({f"{variable}_FILE": str(path)}), field) == value


@pytest.mark.parametrize("variable", VALUES)
def test_a_variable_and_a_file_contradict_each_other(variable: str, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_text(VALUES[variable][1])
    with pytest.raises(ImproperlyConfigured) as refused:
        read_environment({variable: VALUES[variable][1], f"{variable}_FILE": str(path)})
    assert str(refused.value) == f"{variable} and {variable}_FILE are both set; keep one."


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FILE: .*gone: No such file"):
        read_environment({"SECRET_KEY_FILE": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    ("variable", "given"),
    [
        ("DEBUG", "perhaps"),
        ("SCENE3D_PORT", "http"),
        ("SCENE3D_PORT", "0"),
        ("SCENE3D_PORT", "65536"),
        ("SCENE3D_PORT", ""),
        ("SCENE3D_SIGNUP", "2"),
        ("SCENE3D_DEVICE", "gpu"),
        ("SCENE3D_NUM_THREADS", "0"),
        ("SCENE3D_MAX_UPLOAD_MB", "0"),
        ("SCENE3D_MAX_UPLOAD_MB", "1.5"),
        ("SCENE3D_MAX_ACTIVE_JOBS", "-1"),
        ("SCENE3D_MAX_STORED_GB", "-1"),
        ("SCENE3D_MAX_JOBS_PER_DAY", "many"),
        ("SCENE3D_MAX_PHOTOS", "2"),
        ("SCENE3D_MAX_POINTS", "-1"),
        ("SCENE3D_VOXEL_SIZE", "-0.1"),
        ("SCENE3D_JOB_TIME_LIMIT_MIN", "0"),
        ("SCENE3D_LOG_LEVEL", "LOUD"),
        ("PROMOTION_POLICY", "never"),
        ("SCENE3D_SHADOW_SAMPLE", "0"),
        ("SCENE3D_EXPERIMENT_SCHEDULE", "nightly"),
        ("SCENE3D_EXPERIMENT_SCHEDULE", "@daily"),
        ("SCENE3D_EXPERIMENT_SCHEDULE", "0 2 * *"),
        ("SCENE3D_EXPERIMENT_SCHEDULE", "0 2 * * * 30"),
        ("SCENE3D_SHADOW_SCHEDULE", "60 2 * * *"),
        ("SCENE3D_SHADOW_SCHEDULE", "0 2 30 2 *"),
        ("SCENE3D_SHADOW_SCHEDULE", "*/0 2 * * *"),
        ("SCENE3D_WEBHOOK_URL", "example.org/hook"),
        ("SCENE3D_WEBHOOK_URL", "ftp://example.org"),
        ("SCENE3D_WEBHOOK_URL", "http://"),
        ("SCENE3D_WEBHOOK_URL", "http://host:99999/"),
        ("SCENE3D_WEBHOOK_URL", "http://[::1/"),
        ("SCENE3D_WEBHOOK_URL", "https://user:password@example.org/"),
        ("SCENE3D_WEBHOOK_URL", "https://example.org/a b"),
        ("SCENE3D_WEBHOOK_SECRET", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="),
        ("SCENE3D_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("SCENE3D_WEBHOOK_SECRET", "whsec_not base 64"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(variable: str, given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{variable}: "):
        read_environment({variable: given})


def test_a_wrong_time_is_told_with_a_right_one() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read_environment({"SCENE3D_SHADOW_SCHEDULE": "0 25 * * *"})
    assert "'0 25 * * *' is no time to start at (" in str(refused.value)
    assert "such as 0 2 * * 1-5." in str(refused.value)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=7))
def test_no_cron_line_is_more_than_refused(fields: list[str]) -> None:
    with suppress(ImproperlyConfigured):
        read_environment({"SCENE3D_SHADOW_SCHEDULE": " ".join(fields)})


@pytest.mark.parametrize("given", [{}, {"SCENE3D_WEBHOOK_SECRET": ""}])
def test_a_webhook_needs_a_secret(given: dict[str, str]) -> None:
    without = read_environment({"SCENE3D_WEBHOOK_URL": "https://a.example/", **given})
    with pytest.raises(ImproperlyConfigured, match=r"^SCENE3D_WEBHOOK_SECRET .* is required"):
        require_webhook_secret(without)
    require_webhook_secret(read_environment(given))
    both = {"SCENE3D_WEBHOOK_URL": "https://a.example/", "SCENE3D_WEBHOOK_SECRET": WHSEC}
    require_webhook_secret(read_environment(both))


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read_environment({"SCENE3D_PORT": "x", "DEBUG": "perhaps"})
    assert "SCENE3D_PORT: " in str(refused.value)
    assert "DEBUG: " in str(refused.value)


def test_other_variables_are_not_ours() -> None:
    assert read_environment({"HOME": "/root", "PORT": "x"}) == read_environment({})


@pytest.mark.parametrize("given", ["", " , "])
def test_a_list_can_be_empty(given: str) -> None:
    assert read_environment({"ALLOWED_HOSTS": given}).allowed_hosts == []


def test_without_variables_the_server_is_for_this_machine() -> None:
    env = read_environment({})
    assert env.allowed_hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert (env.host, env.port, env.debug, env.signup) == ("127.0.0.1", 8000, False, True)
    assert (env.secret_key, env.database_url, env.redis_url) == (None, None, None)
    assert env.mlflow_tracking_uri is None
