"""Operators' view of people, their keys, and what happened."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.keys import revoke_key
from accounts.models import ApiKey, SecurityEvent, User
from accounts.roles import roles_of
from scene3d.http.admin_base import ReadOnlyAdmin


@admin.register(User)
class PeopleAdmin(UserAdmin[User]):
    list_display = ("username", "email", "roles", "is_active", "last_login")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(roles_of(user)) or "–"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin[ApiKey]):
    """Seen and revoked here; made by their owners alone."""

    list_display = ("user", "name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at",)
    search_fields = ("user__username", "name", "prefix")
    exclude = ("digest",)
    actions = ["revoke"]

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            revoke_key(key)
        self.message_user(request, "These keys open nothing any more.")


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin[SecurityEvent]):
    """Nobody adds, changes or deletes what has happened."""

    list_display = ("at", "kind", "username", "actor", "address", "facts")
    list_filter = ("kind",)
    search_fields = ("username", "actor", "address", "request_id")
    date_hierarchy = "at"
