"""What people and programs may not do with alerts."""

from datetime import timedelta
from http import HTTPStatus

from scene3d.http.problem import Problem


class AlertsNotTaken(Problem):
    """503: nobody has said who may send alerts."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "alerts_not_configured",
            "This server takes no alerts: it has no token for them.",
            next_step="Start it with SCENE3D_ALERTS_TOKEN (or SCENE3D_ALERTS_TOKEN_FILE).",
        )


class AlertTokenWrong(Problem):
    """401."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.UNAUTHORIZED,
            "alert_token_wrong",
            "Alerts are taken from who knows this server's token for them.",
            next_step="Give Alertmanager the token as authorization.credentials_file.",
        )
        self.headers["WWW-Authenticate"] = "Bearer"


class AlertHasNoExperiment(Problem):
    """409: an alert that no experiment answers."""

    def __init__(self, name: str) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "alert_has_no_experiment",
            f"No experiment answers {name}.",
            next_step="Do what the alert says, and acknowledge it.",
        )


class SilenceImpossible(Problem):
    """400: no time at all, or too long."""

    def __init__(self, longest: timedelta) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "silence_impossible",
            f"A silence lasts {longest.days} days at most.",
            next_step="Choose a shorter time; it can be silenced again.",
        )
