"""Environment variables: types, files, and sentences that name the variable."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from scene3d.settings.env import Environment, read_environment

VALUES: dict[str, tuple[str, str, Any]] = {
    "SECRET_KEY": ("secret_key", "s3cret", "s3cret"),
    "JWT_SIGNING_KEY": ("jwt_signing_key", "k", "k"),
    "DEBUG": ("debug", "true", True),
    "ALLOWED_HOSTS": ("allowed_hosts", "a.example, b.example,", ["a.example", "b.example"]),
    "CSRF_TRUSTED_ORIGINS": (
        "csrf_trusted_origins", "https://a.example", ["https://a.example"],
    ),
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
    "SCENE3D_MAX_PHOTOS": ("max_photos", "30", 30),
    "SCENE3D_MAX_POINTS": ("max_points", "1000", 1000),
    "SCENE3D_VOXEL_SIZE": ("voxel_size", "0", 0.0),
    "SCENE3D_JOB_TIME_LIMIT_MIN": ("job_time_limit_min", "5", 5),
    "PROMOTION_POLICY": ("promotion_policy", "approval", "approval"),
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
        ("SCENE3D_MAX_PHOTOS", "2"),
        ("SCENE3D_MAX_POINTS", "-1"),
        ("SCENE3D_VOXEL_SIZE", "-0.1"),
        ("SCENE3D_JOB_TIME_LIMIT_MIN", "0"),
        ("SCENE3D_LOG_LEVEL", "LOUD"),
        ("PROMOTION_POLICY", "never"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(variable: str, given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{variable}: "):
        read_environment({variable: given})


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
