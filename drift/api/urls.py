from django.urls import path

from drift.api import views

urlpatterns = [
    path("drift/", views.ServiceDrift.as_view(), name="drift"),
    path("baselines/", views.BaselineList.as_view(), name="baseline-list"),
    path("baselines/<int:pk>/", views.BaselineDetail.as_view(), name="baseline-detail"),
    path(
        "baselines/<int:pk>/activate/", views.ActivateBaseline.as_view(), name="baseline-activate"
    ),
]
