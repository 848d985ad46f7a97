from django.urls import path

from mlops.api import views

urlpatterns = [
    path("candidates/", views.CandidateList.as_view(), name="candidate-list"),
    path("candidates/<int:pk>/", views.CandidateDetail.as_view(), name="candidate-detail"),
    path("candidates/<int:pk>/promote/", views.PromoteCandidate.as_view(), name="promote"),
    path("candidates/<int:pk>/propose/", views.ProposeCandidate.as_view(), name="propose"),
    path("candidates/<int:pk>/reject/", views.RejectCandidate.as_view(), name="reject"),
    path("configurations/", views.ConfigurationList.as_view(), name="configuration-list"),
    path("configurations/roll-back/", views.RollBack.as_view(), name="roll-back"),
    path(
        "configurations/<int:pk>/", views.ConfigurationDetail.as_view(), name="configuration-detail"
    ),
]
