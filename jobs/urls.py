from django.urls import path

from jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.JobList.as_view(), name="list"),
    path("new/", views.NewJob.as_view(), name="new"),
    path("<uuid:pk>/", views.JobPage.as_view(), name="detail"),
    path("<uuid:pk>/viewer/", views.ViewerPage.as_view(), name="viewer"),
    path("<uuid:pk>/exports/<slug:form>/", views.ExportAction.as_view(), name="export"),
    path("<uuid:pk>/<slug:action>/", views.JobAction.as_view(), name="action"),
]
