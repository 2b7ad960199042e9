"""What a run tells the person watching, while it happens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what is going on. Never decides anything."""

    def phase(self, name: str) -> None:
        """A phase begins: assess, reason, plan, conclude."""

    def call(self, name: str, *, ok: bool, summary: str, seconds: float) -> None:
        """A tool call ended."""

    def note(self, text: str) -> None:
        """Anything else worth a line."""

    def said(self, text: str) -> None:
        """A piece of what the model says, as it arrives; empty when it has finished."""


class Silent:
    """Tells nobody."""

    def phase(self, name: str) -> None:
        pass

    def call(self, name: str, *, ok: bool, summary: str, seconds: float) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def said(self, text: str) -> None:
        pass
