"""Log in, sign up, change the password, make API keys."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import CreateView, FormView, View

from accounts.forms import ChangePasswordForm, KeyForm, SignUpForm
from accounts.keys import make_key, revoke_key
from accounts.models import User
from scene3d.http.throttles import Throttled


class LogIn(Throttled, LoginView):
    throttle_scope = "login"
    template_name = "accounts/login.html"
    redirect_authenticated_user = True


class LogOut(LogoutView):
    pass


class SignUp(Throttled, CreateView[User, SignUpForm]):
    throttle_scope = "signup"
    template_name = "accounts/signup.html"
    form_class = SignUpForm
    success_url = reverse_lazy("jobs:list")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.IS_SIGNUP_OPEN:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        response = super().form_valid(form)
        login(self.request, form.instance, "django.contrib.auth.backends.ModelBackend")
        return response


class ChangePassword(SuccessMessageMixin[ChangePasswordForm], PasswordChangeView):  # type: ignore[misc]  # the stubs disagree on form_valid
    template_name = "accounts/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("jobs:list")
    success_message = "Your password is changed. Programs that use the API must log in again."


@method_decorator(never_cache, name="dispatch")
class Keys(LoginRequiredMixin, FormView[KeyForm]):
    """One's keys, and a form for another one, shown in the answer and never again."""

    template_name = "accounts/keys.html"
    form_class = KeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        keys = cast("User", self.request.user).api_keys.filter(revoked_at=None)
        return super().get_context_data(**kwargs) | {"keys": keys}

    def form_valid(self, form: KeyForm) -> HttpResponse:
        key, secret = make_key(
            cast("User", self.request.user),
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            lifetime=form.lifetime,
        )
        context = self.get_context_data(form=KeyForm(), made=key, secret=secret)
        return render(self.request, self.template_name, context)


class RevokeKey(LoginRequiredMixin, View):
    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        key = cast("User", request.user).api_keys.filter(pk=pk).first()
        if key is None:
            raise Http404
        revoke_key(key)
        messages.success(request, f"The key “{key.name}” opens nothing any more.")
        return HttpResponseRedirect(reverse("accounts:keys"))
