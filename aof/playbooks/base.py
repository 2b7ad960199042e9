"""The contract between the engine and playbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from aof.errors import UsageFault, did_you_mean
from aof.messages import ToolResult
from aof.plans import Action, Assumption, Check
from aof.verdict import Assessment

_T = TypeVar("_T")


class Options(BaseModel):
    """Base of a playbook's `with:` settings; unknown keys are refused.

    `thresholds` names the numbers and durations that decide verdicts, by dotted path (`*` for
    every entry of a list); mutation tests move them and expect somebody to notice.
    """

    thresholds: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        text: Free text; untrusted when it came from an event.
        settings: `--set key=value` pairs and trigger inputs.
        event: The payload that started the run, or None.
        now: When the run started; analyses that need a time use this one.
        environment: Variables of the process that playbooks may look at (CI detection).
        require_measured: Refuse evidence nobody measured (numbers typed into the text).
        text_is_event: The text was rendered from an event; never read numbers from it.
        folder: What relative paths in `settings` are relative to.
        recorded_files: What files named in `settings` held when a run is played again.
        previous: Facts of the agents that ran before in a fleet or workflow, by agent name.
        conversation: What was said before in a chat, for the model; playbooks read `text`.
    """

    text: str
    now: datetime
    settings: Mapping[str, str] = field(default_factory=dict)
    event: Mapping[str, Any] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    require_measured: bool = False
    text_is_event: bool = False
    folder: Path = field(default_factory=Path)
    recorded_files: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    conversation: str = ""


class Calls(Protocol):
    """The recorded, audited way to tools. The only one a playbook has."""

    def read(self, tool: str, operation: str, /, **arguments: Any) -> ToolResult:
        """Run a read operation; `evidence_id` of the result is set.

        Never raises for a tool's failure: look at `ok`, or call `.require()` to turn a
        failure into exit 5.
        """

    def not_consulted(self, tool: str) -> str | None:
        """Why the tool cannot be used here, or None when it can."""

    def configured(self, tool: str) -> bool:
        """Bound, and somebody set it up: a default URL nobody set does not count."""

    def given(self, name: str, read: Callable[[], Any]) -> Any:
        """What `read` gives of the file or revision `name`: a JSON value, or the bytes of a text.

        Recorded up to a limit of size. When a run is played again, what was recorded is given
        instead, text as bytes, and nothing is read.
        """

    def record(self, source: str, data: Any, *, about: str = "") -> str:
        """Record evidence that came from elsewhere (a file, the request); returns its id."""

    def action(
        self,
        tool: str,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        reason: str,
        evidence: Sequence[str] = (),
        executable: bool = True,
        target: str = "",
        assumes: Sequence[Assumption] = (),
        verify: Sequence[Check] = (),
        undo: str = "",
    ) -> Action:
        """Describe a change; nothing is done. With `executable=False` it stays a proposal."""

    def recommend(
        self, command: str, *, reason: str, evidence: Sequence[str] = (), target: str = ""
    ) -> Action:
        """A command for a person; `<placeholders>` where something is not known."""

    def note(self, text: str) -> None:
        """Tell the person watching what is going on (progress on stderr)."""


class Playbook(Protocol):
    """Gathers evidence through `calls`, hands it to an analysis, returns what came of it.

    `name` is what manifests say under `playbook.name`; `options` is the model of
    `playbook.with`; `settings` are the keys of `--set` and what each is. A playbook
    keeps no state between calls of `assess`: with `--wait` the engine calls it again until
    the assessment is firm.
    """

    name: str
    options: type[Options]
    settings: Mapping[str, str]

    def assess(
        self, request: Request, calls: Calls, options: Any, memory: Sequence[Mapping[str, Any]]
    ) -> Assessment:
        """Judge. `memory` holds earlier entries of this agent, oldest first."""


EVERY_RUN: Mapping[str, str] = {
    "environment": "Where changes would land, e.g. prod; policies look at it."
}
"""Settings that no playbook reads and every run takes."""


def unknown_settings(
    given: Iterable[str], playbooks: Sequence[Playbook | None]
) -> list[UsageFault]:
    """A problem for each key of `given` that none of `playbooks` reads.

    Without a playbook (None) the model is told all settings, so every key is known.
    """
    if None in playbooks:
        return []
    known = sorted({*EVERY_RUN, *(key for used in playbooks if used for key in used.settings)})
    return [
        UsageFault(
            f"unknown setting '{key}'",
            why=f"there are: {', '.join(known)}",
            fix=did_you_mean(key, known),
        )
        for key in given
        if key not in known
    ]


def setting_of(
    request: Request, name: str, parse: Callable[[str], _T], default: _T, *, expects: str
) -> _T:
    """A `--set` value parsed, or `default`; `UsageFault` says what was expected."""
    text = request.settings.get(name)
    if text is None:
        return default
    try:
        return parse(text)
    except ValueError:
        raise UsageFault(f"--set {name}={text}: expected {expects}") from None
