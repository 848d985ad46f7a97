"""Who may see and run experiments; for everybody else they do not exist."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.public import User


def may_operate(user: User | AnonymousUser) -> bool:
    """Staff, and whoever may propose what an experiment found."""
    return user.is_active and (user.is_staff or user.has_perm("mlops.operate_candidate"))


class OperatorsOnly(LoginRequiredMixin):
    """Of a page: visitors log in first, others find nothing."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raises: Http404."""
        if request.user.is_authenticated and not may_operate(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)
