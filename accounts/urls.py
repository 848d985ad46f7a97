from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.LogIn.as_view(), name="login"),
    path("logout/", views.LogOut.as_view(), name="logout"),
    path("signup/", views.SignUp.as_view(), name="signup"),
    path("keys/", views.Keys.as_view(), name="keys"),
    path("keys/<uuid:pk>/revoke/", views.RevokeKey.as_view(), name="revoke-key"),
    path("password/", views.ChangePassword.as_view(), name="password"),
]
