"""All addresses."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from scene3d.http import health, schema
from scene3d.http.metrics import metrics

handler400 = "scene3d.http.errors.bad_request"
handler403 = "scene3d.http.errors.forbidden"
handler404 = "scene3d.http.errors.not_found"
handler500 = "scene3d.http.errors.server_error"

api_v1: list[URLPattern | URLResolver] = [
    path("auth/", include("accounts.api.urls")),
    path("", include("drift.api.urls")),
    path("", include("mlops.api.urls")),
    path("", include("mlops.api.experiment_urls")),
    path("", include("mlops.api.alert_urls")),
    path("", include("jobs.api.urls")),
    path("schema/", schema.Schema.as_view(), name="schema"),
    path("docs/", schema.SwaggerUI.as_view(), name="docs"),
    path("redoc/", schema.Redoc.as_view(), name="redoc"),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="jobs:list"), name="home"),
    path("accounts/", include("accounts.urls")),
    path("jobs/", include("jobs.urls")),
    path("experiments/", include("mlops.urls")),
    path("monitoring/", include("jobs.monitoring_urls")),
    path("monitoring/alerts/", include("mlops.alert_page_urls")),
    path("s/", include("jobs.share_urls")),
    path("api/v1/", include((api_v1, "api"))),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
