from django.urls import path

from mlops.api import experiments as views

urlpatterns = [
    path("experiments/", views.ExperimentList.as_view(), name="experiment-list"),
    path("experiments/<uuid:pk>/", views.ExperimentDetail.as_view(), name="experiment-detail"),
    path(
        "experiments/<uuid:pk>/cancel/",
        views.CancelExperiment.as_view(),
        name="experiment-cancel",
    ),
    path(
        "experiments/<uuid:pk>/run-again/",
        views.RunExperimentAgain.as_view(),
        name="experiment-run-again",
    ),
]
