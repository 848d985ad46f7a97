"""Every environment variable, once: name, type, default, meaning.

Each may also be given as NAME_FILE, the path of a file that holds the value, as Docker secrets
do. A value of the wrong type stops the start with a sentence that names the variable.
"""

import os
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

BASE_DIR = Path(__file__).resolve().parents[2]


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if value else []


def _check_webhook_url(value: str) -> str:
    parts = urlsplit(
        value
    )  # raises ValueError for what no address can look like, as pydantic wants
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0):
        raise ValueError("must be an address such as https://example.org/hooks/scene3d")
    if "@" in parts.netloc or not value.isascii() or any(mark <= " " for mark in value):
        raise ValueError("must have no user, no blanks and ASCII characters only")
    return value


def _check_webhook_secret(value: str) -> str:
    prefix, key = value[: len(_SECRET_PREFIX)], value[len(_SECRET_PREFIX) :]
    try:
        num_bytes = len(b64decode(key, validate=True))
    except ValueError:
        num_bytes = 0
    if value and (prefix != _SECRET_PREFIX or not 24 <= num_bytes <= 64):
        raise ValueError(
            "must be whsec_ and 24 to 64 bytes in Base64; `openssl rand -base64 32` makes them"
        )
    return value


_SECRET_PREFIX = "whsec_"  # noqa: S105  # what every secret of this kind begins with
Names = Annotated[list[str], BeforeValidator(_split)]
WebhookUrl = Annotated[str, AfterValidator(_check_webhook_url)]
WebhookSecret = Annotated[str, AfterValidator(_check_webhook_secret)]


def _cron_line(value: str) -> str:
    """Five fields, and a time that there is; empty is off."""
    value = value.strip()
    if not value:
        return value
    from croniter import CroniterError, croniter  # noqa: PLC0415  # most processes have no schedule

    why = "a cron line has five fields"
    if len(value.split()) == 5:
        try:
            croniter(value).get_next()
        except CroniterError as error:
            why = str(error)
        else:
            return value
    raise ValueError(
        f"{value!r} is no time to start at ({why}). Write minute, hour, day of the month, month and"
        " day of the week, such as 0 2 * * 1-5."
    )


CronLine = Annotated[str, AfterValidator(_cron_line)]


THROTTLE_RATES: Mapping[str, str] = {
    "login": "20/min", "signup": "20/hour", "share": "120/min", "upload": "120/hour",
    "write": "240/min", "read": "2400/min",
}  # fmt: skip
_RATE = re.compile(r"[1-9][0-9]{0,6}/(sec|min|hour|day)")


def _read_rates(value: Any) -> Any:
    """`login=5/min,read=` changes one rate and lifts another."""
    rates = dict(THROTTLE_RATES)
    for part in _split(value) if isinstance(value, str) else []:
        name, _, rate = (word.strip() for word in part.partition("="))
        if name not in THROTTLE_RATES or (rate and not _RATE.fullmatch(rate)):
            known = ", ".join(THROTTLE_RATES)
            raise ValueError(f"{part!r} is no rate such as login=5/min; there are {known}")
        rates[name] = rate
    return {name: rate for name, rate in rates.items() if rate}


Rates = Annotated[dict[str, str], BeforeValidator(_read_rates)]


XAccel = Annotated[str, StringConstraints(pattern=r"^(/[a-z0-9_-]+)+/$")]


class Environment(BaseModel):
    """The variables; a field's alias is the variable's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret_key: str | None = Field(
        None, alias="SECRET_KEY", description="Signs sessions; made and kept on disk when absent."
    )
    jwt_signing_key: str | None = Field(
        None, alias="JWT_SIGNING_KEY", description="Signs API tokens; SECRET_KEY when absent."
    )
    debug: bool = Field(default=False, alias="DEBUG", description="Error pages for developers.")
    allowed_hosts: Names = Field(
        ["localhost", "127.0.0.1", "[::1]"],
        alias="ALLOWED_HOSTS",
        description="Names this server answers to, comma-separated.",
    )
    csrf_trusted_origins: Names = Field(
        [], alias="CSRF_TRUSTED_ORIGINS", description="Such as https://scene3d.example.org."
    )
    num_proxies: int = Field(
        0,
        alias="SCENE3D_NUM_PROXIES",
        ge=0,
        description="Proxies of your own in front, whose X-Forwarded-For is believed.",
    )
    x_accel: XAccel | None = Field(
        None,
        alias="SCENE3D_X_ACCEL",
        description="An internal location of nginx over DATA_DIR, such as /protected/.",
    )
    throttles: Rates = Field(
        dict(THROTTLE_RATES),
        alias="SCENE3D_THROTTLES",
        description="Rates that differ, such as login=5/min,upload=20/hour; login= lifts one.",
    )
    database_url: str | None = Field(
        None, alias="DATABASE_URL", description="postgres://…; a SQLite file when absent."
    )
    redis_url: str | None = Field(
        None, alias="REDIS_URL", description="redis://…; the bundled Valkey when absent."
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        alias="MLFLOW_TRACKING_URI",
        description="http://… of an MLflow server; a SQLite file when absent.",
    )
    email_url: str = Field(
        "consolemail://",
        alias="EMAIL_URL",
        description="smtp://… or smtp+tls://user:password@host:port; printed when absent.",
    )
    email_from: str = Field(
        "scene3d@localhost", alias="SCENE3D_EMAIL_FROM", description="Sender of our e-mail."
    )
    operators: Names = Field(
        [],
        alias="SCENE3D_OPERATORS",
        description="Addresses that hear of every experiment, comma-separated.",
    )
    data_dir: Path = Field(
        BASE_DIR / "var",
        alias="SCENE3D_DATA_DIR",
        description="Database, photos, results, broker, logs.",
    )
    model_store: Path | None = Field(
        None, alias="SCENE3D_MODEL_STORE", description="Weights; DATA_DIR/models when absent."
    )
    host: str = Field("127.0.0.1", alias="SCENE3D_HOST", description="Address to listen on.")
    port: int = Field(8000, alias="SCENE3D_PORT", ge=1, le=65535, description="Port to listen on.")
    signup: bool = Field(
        default=True, alias="SCENE3D_SIGNUP", description="Whether anyone may sign up."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", alias="SCENE3D_DEVICE", description="Where networks run."
    )
    num_threads: int | None = Field(
        None, alias="SCENE3D_NUM_THREADS", ge=1, description="Of a worker; all cores when absent."
    )
    max_upload_mb: int = Field(
        500, alias="SCENE3D_MAX_UPLOAD_MB", ge=1, description="Of one upload."
    )
    max_photos: int = Field(500, alias="SCENE3D_MAX_PHOTOS", ge=3, description="Of one job.")
    max_active_jobs: int = Field(
        20,
        alias="SCENE3D_MAX_ACTIVE_JOBS",
        ge=0,
        description="Of one person, waiting and running; 0: no limit.",
    )
    max_stored_gb: int = Field(
        10,
        alias="SCENE3D_MAX_STORED_GB",
        ge=0,
        description="Photos and results of one person, in GB; 0: no limit.",
    )
    max_jobs_per_day: int = Field(
        100, alias="SCENE3D_MAX_JOBS_PER_DAY", ge=0, description="Of one person; 0: no limit."
    )
    max_points: int = Field(
        500_000, alias="SCENE3D_MAX_POINTS", ge=1, description="Of a thinned cloud."
    )
    voxel_size: float = Field(
        0.02,
        alias="SCENE3D_VOXEL_SIZE",
        ge=0,
        description="Cell of a thinned cloud in model units; 0 keeps every point.",
    )
    job_time_limit_min: int = Field(
        240, alias="SCENE3D_JOB_TIME_LIMIT_MIN", ge=1, description="A job is ended after this."
    )
    retention_days: int | None = Field(
        None,
        alias="SCENE3D_RETENTION_DAYS",
        ge=1,
        description="Jobs that are over for longer are deleted; never when absent.",
    )
    webhook_url: WebhookUrl | None = Field(
        None,
        alias="SCENE3D_WEBHOOK_URL",
        description="https://… that hears of experiments and of what is served; none when absent.",
    )
    webhook_secret: WebhookSecret | None = Field(
        None,
        alias="SCENE3D_WEBHOOK_SECRET",
        description="whsec_…, 24 to 64 bytes in Base64: signs webhooks.",
    )
    webhook_allow_private: bool = Field(
        default=False,
        alias="SCENE3D_WEBHOOK_ALLOW_PRIVATE",
        description="Whether webhooks may go to private addresses.",
    )
    promotion_policy: Literal["auto", "approval"] = Field(
        "auto",
        alias="PROMOTION_POLICY",
        description="auto: what passes every gate is served; approval: two people agree first.",
    )
    experiment_schedule: CronLine = Field(
        "",
        alias="SCENE3D_EXPERIMENT_SCHEDULE",
        description="When an experiment starts by itself: a cron line, in UTC; never when absent.",
    )
    scheduled_spec: Path | None = Field(
        None,
        alias="SCENE3D_SCHEDULED_SPEC",
        description="What it runs; DATA_DIR/specs/scheduled.yaml when absent.",
    )
    shadow_schedule: CronLine = Field(
        "",
        alias="SCENE3D_SHADOW_SCHEDULE",
        description="When challengers run in shadow: a cron line, in UTC; never when absent.",
    )
    shadow_sample: int = Field(
        5, alias="SCENE3D_SHADOW_SAMPLE", ge=1, description="Jobs per challenger and shadow run."
    )
    drift_blocks: Literal["never", "critical"] = Field(
        "never",
        alias="DRIFT_BLOCKS",
        description="critical: photos that are very unlike the baseline's are refused.",
    )
    web_processes: int = Field(
        1, alias="SCENE3D_WEB_PROCESSES", ge=1, description="Web processes behind the one port."
    )
    metrics_token: str | None = Field(
        None,
        alias="SCENE3D_METRICS_TOKEN",
        description="What Prometheus shows at /metrics; open to all who reach it when absent.",
    )
    alerts_token: str | None = Field(
        None,
        alias="SCENE3D_ALERTS_TOKEN",
        description="What Alertmanager shows; no alerts are taken when absent.",
    )
    alert_specs: Path = Field(
        BASE_DIR / "mlops" / "specs",
        alias="SCENE3D_ALERT_SPECS",
        description="Folder of the experiments that answer alerts.",
    )
    train_data: str | None = Field(
        None,
        alias="SCENE3D_TRAIN_DATA",
        description="Labelled photos of these experiments; what the spec names when absent.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="SCENE3D_LOG_LEVEL", description="Of our own messages."
    )


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """The variables that are set, checked; defaults for the others.

    Raises: ImproperlyConfigured.
    """
    names = [field.alias or "" for field in Environment.model_fields.values()]
    doubled = [name for name in names if name in variables and f"{name}_FILE" in variables]
    if doubled:
        raise ImproperlyConfigured(f"{doubled[0]} and {doubled[0]}_FILE are both set; keep one.")
    values = {
        name: variables[name] if name in variables else _content(name, variables)
        for name in names
        if name in variables or f"{name}_FILE" in variables
    }
    try:
        return Environment.model_validate(values)
    except ValidationError as error:
        problems = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
        raise ImproperlyConfigured("; ".join(problems)) from error


def require_webhook_secret(environment: Environment) -> None:
    """Receivers must be able to tell our messages from others'.

    Raises: ImproperlyConfigured.
    """
    if environment.webhook_url and not environment.webhook_secret:
        raise ImproperlyConfigured(
            "SCENE3D_WEBHOOK_SECRET (or SCENE3D_WEBHOOK_SECRET_FILE) is required with"
            ' SCENE3D_WEBHOOK_URL; `echo "whsec_$(openssl rand -base64 32)"` makes one.'
        )


def _content(name: str, variables: Mapping[str, str]) -> str:
    path = Path(variables[f"{name}_FILE"])
    try:
        return path.read_text().rstrip("\n")
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path}: {error.strerror}.") from error
