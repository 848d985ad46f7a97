"""Who may do what: the one list of roles. Rights hang on groups, which migrations make."""

from collections.abc import Mapping

from accounts.models import User

OPERATORS, APPROVERS = "operators", "approvers"
ROLES: Mapping[str, str] = {
    "user": "Everybody with an account: their own scenes, links and keys, and nobody else's.",
    "staff": "May open the admin, see monitoring, start and cancel experiments, look after alerts.",
    OPERATORS: "Staff who propose, promote and reject candidates, roll back, activate baselines.",
    APPROVERS: "Staff who promote what somebody else has proposed, where that takes two.",
    "admin": "Superusers: everything, people and roles included; not others' photos and results.",
}


def roles_of(user: User) -> list[str]:
    """In the order of `ROLES`."""
    has = {
        "user": user.is_active,
        "staff": user.is_staff,
        "admin": user.is_superuser,
        **dict.fromkeys(user.groups.values_list("name", flat=True), True),
    }
    return [role for role in ROLES if has.get(role)]
