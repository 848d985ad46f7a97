from django.urls import path

from jobs import monitoring_view as views

app_name = "monitoring"
urlpatterns = [
    path("", views.MonitoringPage.as_view(), name="state"),
    path("trends.json", views.Trends.as_view(), name="trends"),
]
