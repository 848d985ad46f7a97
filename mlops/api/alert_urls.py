from django.urls import path

from mlops.api import alerts as views

urlpatterns = [
    path("alerts/", views.AlertList.as_view(), name="alert-list"),
    path("alerts/<int:pk>/", views.AlertDetail.as_view(), name="alert-detail"),
    path(
        "alerts/<int:pk>/acknowledge/", views.AcknowledgeAlert.as_view(), name="alert-acknowledge"
    ),
    path("alerts/<int:pk>/silence/", views.SilenceAlert.as_view(), name="alert-silence"),
    path("alerts/<int:pk>/lift-silence/", views.LiftSilence.as_view(), name="alert-lift-silence"),
    path("alerts/<int:pk>/start/", views.StartForAlert.as_view(), name="alert-start"),
]
