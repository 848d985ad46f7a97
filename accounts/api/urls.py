from django.urls import path

from accounts.api import views

urlpatterns = [
    path("token/", views.ObtainToken.as_view(), name="token"),
    path("token/refresh/", views.RefreshAccess.as_view(), name="token-refresh"),
    path("logout/", views.LogOut.as_view(), name="logout"),
]
