"""Behind TLS, with secrets from the environment."""

from django.core.exceptions import ImproperlyConfigured

from scene3d.settings.base import *

_PLACEHOLDERS = (
    "change", "example", "secret", "insecure", "django-insecure", "placeholder", "password",
)  # fmt: skip

if not ENV.secret_key:
    raise ImproperlyConfigured("SECRET_KEY (or SECRET_KEY_FILE) is required in production.")
if len(ENV.secret_key) < 50 or ENV.secret_key.lower().startswith(_PLACEHOLDERS):
    raise ImproperlyConfigured(
        "SECRET_KEY is short or a placeholder; `openssl rand -base64 48` makes one."
    )

DEBUG = False
SECURE_SSL_REDIRECT = True
# Probes, Prometheus and Alertmanager come over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^api/v1/alerts/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Browsers take cookies with these names from this host over TLS alone.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
