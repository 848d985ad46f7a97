"""What all settings share. With nothing configured, everything lives in one folder."""

from datetime import timedelta
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF

from scene3d.settings.env import BASE_DIR, read_environment, require_webhook_secret
from scene3d.settings.local import broker_socket, existing_folder, persistent_secret

django_stubs_ext.monkeypatch()

ENV = read_environment()
DATA_DIR = ENV.data_dir.resolve()
MODEL_STORE = (ENV.model_store or DATA_DIR / "models").resolve()
WORK_DIR = DATA_DIR / "work"

SECRET_KEY = ENV.secret_key or persistent_secret(DATA_DIR / "secret_key")
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins
NUM_PROXIES = ENV.num_proxies

INSTALLED_APPS = [
    "django_prometheus",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_rq",
    "accounts",
    "drift",
    "mlops",
    "jobs",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "scene3d.http.static.AsyncWhiteNoiseMiddleware",
    "scene3d.http.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "scene3d.urls"
ASGI_APPLICATION = "scene3d.asgi.application"
WSGI_APPLICATION = "scene3d.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.portal",
            ],
        },
    }
]

# ------------------------------------------------------------------ database and broker
_SQLITE_OPTIONS = {
    # Writers queue at BEGIN instead of failing when they turn from reader to writer.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": (
        environ.Env.db_url_config(ENV.database_url)
        if ENV.database_url
        else {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "scene3d.sqlite3",
            "OPTIONS": _SQLITE_OPTIONS,
        }
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_SOCKET = broker_socket(DATA_DIR)
IS_BROKER_EMBEDDED = ENV.redis_url is None
BROKER_URL = ENV.redis_url or f"unix://{BROKER_SOCKET}?db=0"
RECONSTRUCTION_QUEUE = "reconstruction"
EXPERIMENT_QUEUE = "experiments"
WEBHOOK_QUEUE = "webhooks"
RQ_QUEUES = {
    name: {
        "URL": BROKER_URL,
        "DEFAULT_TIMEOUT": -1,  # the runner ends a job that takes too long, and says so
        "SERIALIZER": "rq.serializers.JSONSerializer",
    }
    for name in (RECONSTRUCTION_QUEUE, EXPERIMENT_QUEUE, WEBHOOK_QUEUE)
}
SCHEDULED_SPEC = (ENV.scheduled_spec or DATA_DIR / "specs" / "scheduled.yaml").resolve()
SCHEDULE = (  # see scene3d.background.schedule
    {
        "name": "experiment",
        "cron": ENV.experiment_schedule,
        "task": "mlops.tasks.start_scheduled_experiment",
        "queue": EXPERIMENT_QUEUE,
        "patience_s": 86_400,  # until whatever is at work is over
    },
    {
        "name": "shadow",
        "cron": ENV.shadow_schedule,
        "task": "jobs.tasks.run_shadow",
        "queue": EXPERIMENT_QUEUE,
        "patience_s": 3600,  # later it is no longer after hours
    },
)
RQ = {"COMMIT_MODE": "auto"}  # scene3d.background.queue enqueues on commit itself
RQ_SHOW_ADMIN_LINK = False
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        if IS_BROKER_EMBEDDED
        else {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": BROKER_URL}
    )
}

# ------------------------------------------------------------------------- e-mail
_EMAIL = environ.Env.email_url_config(ENV.email_url)
EMAIL_BACKEND = _EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = _EMAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_EMAIL.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_EMAIL.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.email_from
OPERATORS = ENV.operators

# -------------------------------------------------------------- outgoing webhooks
require_webhook_secret(ENV)
WEBHOOK_URL = ENV.webhook_url or ""
WEBHOOK_SECRET = ENV.webhook_secret or ""
WEBHOOK_ALLOW_PRIVATE = ENV.webhook_allow_private

# ------------------------------------------------------------------------ tracker
IS_TRACKER_EMBEDDED = ENV.mlflow_tracking_uri is None
MLFLOW_TRACKING_URI = ENV.mlflow_tracking_uri or f"sqlite:///{DATA_DIR}/mlflow/mlflow.db"
MLFLOW_ARTIFACT_ROOT = DATA_DIR / "mlflow" / "artifacts"  # of the embedded one

# ------------------------------------------------------------------------- files
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/three", BASE_DIR / "node_modules" / "three" / "build"),
    ("vendor/camera-controls", BASE_DIR / "node_modules" / "camera-controls" / "dist"),
    ("vendor/tus", BASE_DIR / "node_modules" / "tus-js-client" / "dist"),
    ("vendor/uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "jobs": {
        "BACKEND": "jobs.storage.DurableStorage",
        "OPTIONS": {"location": DATA_DIR / "jobs"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
X_ACCEL = ENV.x_accel
ORPHAN_GRACE = timedelta(hours=24)  # files that no row names are deleted after this
UPLOAD_DIR = existing_folder(DATA_DIR / "uploads")
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
MAX_UPLOAD_BYTES = ENV.max_upload_mb << 20
DATA_UPLOAD_MAX_NUMBER_FILES = ENV.max_photos + 1  # one more, so that our own message appears
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20  # of a request without its files

# ---------------------------------------------------------------------- accounts
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Both together: nobody can lock out somebody else, and an office is not locked out by one person.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that we name stays true
AXES_CLIENT_IP_CALLABLE = "scene3d.http.client.address_of"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # accounts.audit has it
AXES_VERBOSE = False
IS_SIGNUP_OPEN = ENV.signup
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "jobs:list"
LOGOUT_REDIRECT_URL = "accounts:login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "scene3d.http.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# ------------------------------------------------------------------ what is served
PROMOTION_POLICY = ENV.promotion_policy
DRIFT_BLOCKS = ENV.drift_blocks

# --------------------------------------------------------------------- monitoring
METRICS_TOKEN = ENV.metrics_token
ALERTS_TOKEN = ENV.alerts_token
ALERT_SPECS = ENV.alert_specs
TRAIN_DATA = ENV.train_data

# --------------------------------------------------------------------------- API
THROTTLES = ENV.throttles
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.KeyAuthentication",
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["scene3d.http.throttles.ScopeThrottle"],
    "EXCEPTION_HANDLER": "scene3d.http.problems.exception_handler",
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    # accounts.tokens rotates: the package's own way lets two refreshes at once win, keeps tokens
    # readable in the database, and lets a thief go on when the owner is refused.
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token
    "SIGNING_KEY": ENV.jwt_signing_key or SECRET_KEY,
    "AUDIENCE": "scene3d",
    "ISSUER": "scene3d",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Scene3D",
    "DESCRIPTION": "Photos in, measured 3D out. Errors are application/problem+json with a stable"
    " `code` and a `next_step`.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "jobs.states.JobState",
        "CandidateStateEnum": "mlops.states.CandidateState",
        "ExperimentStateEnum": "mlops.states.ExperimentState",
        "ExperimentStageStateEnum": "mlops.states.StageState",
        "AlertStateEnum": "mlops.states.AlertState",
    },
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# ------------------------------------------------------------------------ language, logs
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"level": ENV.log_level} for name in ("scene3d", "accounts", "drift", "mlops", "jobs")
    },
}
