"""What is served is the staff's business: for others it does not exist."""

from typing import Any

from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class MayView(BasePermission):
    """Staff with the view's `permission`. What they may do besides, services decide."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises: Http404, for people who are not staff."""
        if not request.user.is_authenticated:
            return False
        if not request.user.is_staff:
            raise Http404
        return request.user.has_perm(view.permission)
