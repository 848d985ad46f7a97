"""Pages as their readers see them."""

import re
from html.parser import HTMLParser
from typing import Any

_UNREAD = frozenset({"script", "style"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))
        self._unread += tag in _UNREAD

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.words.append(data)


class Page:
    """A page's text in one line, and its elements."""

    def __init__(self, response: Any) -> None:
        self.status = response.status_code
        self.html: str = response.content.decode()
        reader = _Reader()
        reader.feed(self.html)
        reader.close()
        self.text = re.sub(r"\s+", " ", " ".join(reader.words)).strip()
        self._tags = reader.tags

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Elements of this tag with these attributes; `class_` must be among the classes."""
        wanted_class = attributes.pop("class_", None)
        return [
            found
            for name, found in self._tags
            if name == tag
            and all(found.get(key) == value for key, value in attributes.items())
            and (wanted_class is None or wanted_class in found.get("class", "").split())
        ]

    def one(self, tag: str, **attributes: str) -> dict[str, str]:
        [found] = self.all(tag, **attributes)
        return found

    def actions(self) -> list[str]:
        """Where the page's forms lead, by the last part of the address."""
        return [
            found["action"].rstrip("/").rsplit("/", 1)[-1]
            for found in self.all("form")
            if "/jobs/" in found.get("action", "")
        ]
