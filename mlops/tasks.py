"""What RQ calls. The dotted path is stored in the broker: keep it stable, keep it empty."""


def move_champion_alias(version: str) -> None:
    """Name the candidate of a configuration in the tracker; safe to call twice, or late."""
    from mlops.aliases import CHAMPION, champion_of  # noqa: PLC0415  # models exist only now
    from mlops.mlflow_tracker import (  # type: ignore[import-not-found]  # noqa: PLC0415  # it comes with the tracker; heavy
        open_tracker,
    )
    from mlops.models import Configuration  # noqa: PLC0415  # likewise

    configuration = Configuration.objects.filter(pk=version, is_active=True).first()
    champion = champion_of(configuration) if configuration is not None else None
    if champion is not None and champion.tracked_version:
        open_tracker().set_alias(champion.tracked_version, CHAMPION)
