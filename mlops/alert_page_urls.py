from django.urls import path, register_converter
from django.urls.converters import StringConverter

from mlops import alert_views as views


class ActionConverter(StringConverter):
    regex = "acknowledge|silence|lift-silence|start"


register_converter(ActionConverter, "alert_action")

app_name = "alerts"
urlpatterns = [
    path("", views.AlertList.as_view(), name="list"),
    path("<int:pk>/", views.AlertPage.as_view(), name="detail"),
    path("<int:pk>/<alert_action:action>/", views.AlertAction.as_view(), name="action"),
]
