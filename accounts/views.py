"""Log in, sign up, change the password."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django.views.generic import CreateView

from accounts.forms import ChangePasswordForm, SignUpForm
from accounts.models import User


class LogIn(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True


class LogOut(LogoutView):
    pass


class SignUp(CreateView[User, SignUpForm]):
    template_name = "accounts/signup.html"
    form_class = SignUpForm
    success_url = reverse_lazy("jobs:list")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.IS_SIGNUP_OPEN:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        response = super().form_valid(form)
        login(self.request, form.instance)
        return response


class ChangePassword(SuccessMessageMixin[ChangePasswordForm], PasswordChangeView):  # type: ignore[misc]  # the stubs disagree on form_valid
    template_name = "accounts/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("jobs:list")
    success_message = "Your password is changed. Programs that use the API must log in again."
