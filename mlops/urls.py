from django.urls import path, register_converter
from django.urls.converters import StringConverter

from mlops import views
from mlops.compare_view import Compare


class ActionConverter(StringConverter):
    regex = "cancel|run-again"


register_converter(ActionConverter, "experiment_action")

app_name = "mlops"
urlpatterns = [
    path("", views.ExperimentList.as_view(), name="list"),
    path("new/", views.NewExperiment.as_view(), name="new"),
    path("compare/", Compare.as_view(), name="compare"),
    path("<uuid:pk>/", views.ExperimentPage.as_view(), name="detail"),
    path("<uuid:pk>/live.json", views.ExperimentLive.as_view(), name="live"),
    path("<uuid:pk>/<experiment_action:action>/", views.ExperimentAction.as_view(), name="action"),
    path("<uuid:pk>/figures/<str:name>", views.ExperimentFigure.as_view(), name="figure"),
    path(
        "<uuid:pk>/runs/<str:trial>/seed-<int:seed>/<path:place>",
        views.ExperimentResult.as_view(),
        name="result",
    ),
]
