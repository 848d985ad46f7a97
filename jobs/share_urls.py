from django.urls import path, register_converter
from django.urls.converters import StringConverter

from jobs import share_views as views


class ShareToken(StringConverter):
    regex = "[A-Za-z0-9_-]{43}"


register_converter(ShareToken, "share_token")

app_name = "shares"
urlpatterns = [
    path("<share_token:token>/", views.SharePage.as_view(), name="page"),
    path("<share_token:token>/files/<str:name>", views.SharedFile.as_view(), name="file"),
    path(
        "<share_token:token>/photos/<int:index>/<picture_kind:kind>/",
        views.SharedPicture.as_view(),
        name="picture",
    ),
]
