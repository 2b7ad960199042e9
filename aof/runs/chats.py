"""Conversations with agents, one JSON file each below `.aof/chats/`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from aof.errors import UsageFault
from aof.transport.files import write_atomically


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange: what was asked, what was answered, and the run behind it."""

    asked: str
    answered: str
    decision: str
    run_id: str


@dataclass(slots=True)
class Chat:
    """A conversation with the agent `ref`."""

    id: str
    ref: str
    began: str
    turns: list[Said] = field(default_factory=list)


class ChatStore:
    """All chats below one folder. Texts are redacted before they come here."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def new(self, ref: str, now: datetime) -> Chat:
        """A chat that is not yet on disk."""
        return Chat(f"chat-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", ref, now.isoformat())

    def save(self, chat: Chat) -> None:
        """Write the chat whole."""
        text = json.dumps(asdict(chat), indent=1, ensure_ascii=False)
        write_atomically(self._root / f"{chat.id}.json", text.encode() + b"\n", mode=0o600)

    def load(self, identifier: str, *, ref: str = "") -> Chat:
        """A chat by its id; `last` is the newest, of the agent `ref` when that is given.

        Raises:
            UsageFault: There is none, it is with another agent, or it cannot be read.
        """
        if identifier == "last":
            newest = next((one for one in self.all() if ref in ("", one.ref)), None)
            if newest is None:
                whose = f" with {ref}" if ref else ""
                raise UsageFault(
                    f"there is no chat{whose} to resume",
                    fix=f"start one: aofctl chat {ref or 'REF'}; see: aofctl chat --list",
                )
            return newest
        if not all(c.isalnum() or c == "-" for c in identifier):
            raise UsageFault(f"'{identifier}' is not the id of a chat", fix="aofctl chat --list")
        chat = _read(self._root / f"{identifier}.json")
        if ref not in ("", chat.ref):
            raise UsageFault(
                f"{identifier} is a chat with {chat.ref}, not with {ref}",
                fix=f"aofctl chat --resume {identifier}",
            )
        return chat

    def all(self) -> Iterator[Chat]:
        """Every chat, newest first."""
        for path in sorted(self._root.glob("chat-*.json"), reverse=True):
            yield _read(path)


def _read(path: Path) -> Chat:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        turns = [Said(**one) for one in raw.pop("turns")]
        return Chat(**raw, turns=turns)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageFault(
            f"{path.stem}: cannot be resumed", why=str(error), fix="see: aofctl chat --list"
        ) from error
