from django.urls import path

from jobs import share_views, views

app_name = "jobs"
urlpatterns = [
    path("", views.JobList.as_view(), name="list"),
    path("new/", views.NewJob.as_view(), name="new"),
    path("<uuid:pk>/", views.JobPage.as_view(), name="detail"),
    path("<uuid:pk>/viewer/", views.ViewerPage.as_view(), name="viewer"),
    path("<uuid:pk>/exports/<slug:form>/", views.ExportAction.as_view(), name="export"),
    path("<uuid:pk>/shares/", share_views.MakeShare.as_view(), name="share"),
    path(
        "<uuid:pk>/shares/<uuid:share>/revoke/",
        share_views.RevokeShare.as_view(),
        name="revoke-share",
    ),
    path("<uuid:pk>/<slug:action>/", views.JobAction.as_view(), name="action"),
]
