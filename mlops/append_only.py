"""Rows that say what has happened, and are never changed."""

from typing import Any, Never

from django.db import models


class Unchangeable(Exception):  # noqa: N818  # names what was touched
    """Somebody's code tried to change what has happened."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Reads and adds; what is there stays."""

    def update(self, **values: Any) -> Never:
        raise Unchangeable("These rows are never changed.")

    def delete(self) -> Never:
        raise Unchangeable("These rows are never deleted.")


class AppendOnly(models.Model):
    """Of an audit log or a history."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises: Unchangeable, for a row that is there."""
        if not self._state.adding:
            raise Unchangeable("These rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise Unchangeable("These rows are never deleted.")
