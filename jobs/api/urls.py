from django.urls import path, register_converter
from django.urls.converters import StringConverter

from jobs.api import views
from jobs.api.events import JobEvents
from jobs.api.shares import ShareDetail, ShareList
from jobs.api.uploads import UploadDetail, UploadList


class PictureKind(StringConverter):
    regex = "thumbnail|preview"


register_converter(PictureKind, "picture_kind")

urlpatterns = [
    path("jobs/", views.JobList.as_view(), name="job-list"),
    path("jobs/<uuid:pk>/", views.JobDetail.as_view(), name="job-detail"),
    path("jobs/<uuid:pk>/cancel/", views.CancelJob.as_view(), name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", views.RetryJob.as_view(), name="job-retry"),
    path("jobs/<uuid:pk>/feedback/", views.JobFeedback.as_view(), name="job-feedback"),
    path("jobs/<uuid:pk>/events/", JobEvents.as_view(), name="job-events"),
    path("jobs/<uuid:pk>/photos/", views.JobPhotos.as_view(), name="job-photos"),
    path(
        "jobs/<uuid:pk>/photos/<int:index>/<picture_kind:kind>/",
        views.JobPicture.as_view(),
        name="job-picture",
    ),
    path("jobs/<uuid:pk>/artifacts/<str:name>", views.JobArtifact.as_view(), name="job-artifact"),
    path("jobs/<uuid:pk>/exports/<slug:form>/", views.JobExport.as_view(), name="job-export"),
    path("jobs/<uuid:pk>/shares/", ShareList.as_view(), name="job-shares"),
    path("jobs/<uuid:pk>/shares/<uuid:share>/", ShareDetail.as_view(), name="job-share"),
    path("uploads/", UploadList.as_view(), name="upload-list"),
    path("uploads/<uuid:pk>/", UploadDetail.as_view(), name="upload-detail"),
    path("capabilities/", views.Capabilities.as_view(), name="capabilities"),
    path("presets/", views.PresetList.as_view(), name="presets"),
]
