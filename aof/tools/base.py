"""What a tool is: settings it needs, operations it offers, and how both are described.

A tool is a class; its operations are methods marked `@operation`. Signature and docstring
become the JSON Schema and the description that models and people read.
"""

from __future__ import annotations

import importlib.util
import inspect
import shlex
import string
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from aof.clock import Clock, SystemClock
from aof.errors import NotBound, Unreachable, UsageFault
from aof.messages import Effect, Operation, ToolOutput
from aof.transport.deadline import time_limit

_Method = TypeVar("_Method", bound=Callable[..., ToolOutput])
_MARK = "__aof_operation__"
# What code meets when an answer of a server is of another kind than its reference says.
_STRANGE_SHAPE = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable a tool reads from the agent's `env`.

    Attributes:
        name: As in the environment, e.g. `PROMETHEUS_URL`.
        about: One line for `aofctl describe` and error messages.
        required: Without a value the tool is not bound.
        secret: Its value is redacted everywhere.
        write_only: A credential that is loaded only when a plan is applied.
    """

    name: str
    about: str
    required: bool = False
    secret: bool = False
    write_only: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    effect: Effect
    command: str | Callable[[Mapping[str, Any]], str]
    timeout_s: float
    attempts: int
    aliases: tuple[str, ...]


def operation(
    *,
    effect: Effect = Effect.READ,
    command: str | Callable[[Mapping[str, Any]], str] = "",
    timeout_s: float = 30.0,
    attempts: int = 1,
    aliases: tuple[str, ...] = (),
) -> Callable[[_Method], _Method]:
    """Mark a method as an operation.

    Args:
        effect: What it does to the world.
        command: What a person would type. A template whose `{name}` fields are quoted
            arguments, or a function of the arguments. Required for notify and write.
        timeout_s: Longest the whole call may take.
        attempts: Repeats of the whole call by the engine; reads only. Tools whose
            transport retries already leave it at 1.
        aliases: Other accepted names.
    """
    if effect is not Effect.READ and not command:
        raise TypeError("an operation that changes something needs its command")
    if effect is not Effect.READ and attempts != 1:
        raise TypeError("only reads may be repeated")
    mark = _Mark(effect, command, timeout_s, attempts, aliases)

    def attach(method: _Method) -> _Method:
        setattr(method, _MARK, mark)
        return method

    return attach


class Tool:
    """Base of all tools. Subclasses give `name`, `about`, `settings` and operations.

    Args:
        settings: Values of the declared settings that have one.
        clock: Time, for waiting operations.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    settings_read: ClassVar[tuple[Setting, ...]] = ()
    needs_module: ClassVar[str] = ""
    extra: ClassVar[str] = ""

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        self.settings = dict(settings)
        self.clock = clock or SystemClock()

    @classmethod
    def bind(cls, settings: Mapping[str, str], *, clock: Clock | None = None) -> Tool:
        """An instance ready to be called; makes no request.

        Raises:
            NotBound: A required setting has no value, or an extra is not installed.
        """
        for setting in cls.settings_read:
            if setting.required and not settings.get(setting.name):
                raise NotBound(
                    f"{cls.name} is not configured",
                    why=f"{setting.name} has no value ({setting.about})",
                    fix=f"set {setting.name} in the environment or under the agent's env",
                )
        if cls.needs_module and importlib.util.find_spec(cls.needs_module) is None:
            raise NotBound(
                f"{cls.name} needs the extra '{cls.extra}'",
                why=f"the package {cls.needs_module} is not installed",
                fix=f"pip install 'aof[{cls.extra}]'",
            )
        return cls(settings, clock=clock)

    @classmethod
    def operations(cls) -> dict[str, Operation]:
        """All operations by name, in the order they are written."""
        key: Any = cls
        return _operations(key)

    def probe(self) -> str:
        """Ask the server for a sign of life; what it said, or empty when there is nothing to ask.

        Raises:
            AofError: It cannot be reached or refuses us.
        """
        return ""

    @classmethod
    def check_arguments(cls, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """See `checked_arguments`."""
        from pydantic import ValidationError

        key: Any = cls
        try:
            model = _arguments_model(key, name).model_validate(dict(arguments))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
            )
            raise UsageFault(
                f"{cls.name} {name}: wrong arguments",
                why=problems,
                fix=f"see: aofctl describe tool {cls.name}",
            ) from None
        return {field: getattr(model, field) for field in type(model).model_fields}

    def invoke(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """Check `arguments` against the operation's types and run it once.

        Raises:
            UsageFault: Unknown operation, or arguments of the wrong name or type.
            AofError: Whatever the operation reports; `Unreachable` also where what came from
                outside has a shape the operation does not know.
        """
        if name not in self.operations():
            raise UsageFault(f"{self.name} has no operation '{name}'")
        checked = checked_arguments(type(self), name, arguments)
        with time_limit(self.operations()[name].timeout_s):
            try:
                result: ToolOutput = getattr(self, name)(**checked)
            except _STRANGE_SHAPE as error:
                raise Unreachable(
                    f"{self.name} {name} cannot make sense of what it was given",
                    why=f"{type(error).__name__}: {error}"[:300],
                    fix="check that the server is what it seems; if it is, this is a bug in aofctl",
                ) from error
        return result


@cache
def _operations(cls: Any) -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for base in reversed(cls.__mro__):
        for name, method in vars(base).items():
            mark = getattr(method, _MARK, None)
            if isinstance(mark, _Mark):
                found[name] = _describe(cls, name, method, mark)
    return found


def _describe(cls: Any, name: str, method: Callable[..., Any], mark: _Mark) -> Operation:
    text = inspect.cleandoc(method.__doc__ or "")
    return Operation(
        tool=cls.name,
        name=name,
        effect=mark.effect,
        summary=text.split("\n", 1)[0],
        description=text,
        parameters=_arguments_model(cls, name).model_json_schema(),
        command=_renderer(cls.name, name, mark.command),
        timeout_s=mark.timeout_s,
        attempts=mark.attempts,
        aliases=mark.aliases,
    )


@cache
def _arguments_model(cls: Any, name: str) -> Any:
    from pydantic import ConfigDict, create_model

    method = getattr(cls, name)
    hints = typing.get_type_hints(method, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    return create_model(f"{cls.__name__}_{name}", __config__=ConfigDict(extra="forbid"), **fields)


def checked_arguments(cls: Any, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` converted to the operation's types; `UsageFault` lists what does not fit."""
    checked: dict[str, Any] = cls.check_arguments(name, arguments)
    return checked


def _renderer(
    tool: str, name: str, command: str | Callable[[Mapping[str, Any]], str]
) -> Callable[[Mapping[str, Any]], str]:
    if callable(command):
        return command

    def render(arguments: Mapping[str, Any]) -> str:
        given = {key: value for key, value in arguments.items() if value is not None}
        if not command:
            words = [f"{key}={quoted(value)}" for key, value in given.items()]
            return " ".join([tool, name, *words])
        fields = [field for _, field, _, _ in string.Formatter().parse(command) if field]
        filled = {field: quoted(given.get(field, f"<{field}>")) for field in fields}
        return " ".join(command.format_map(filled).split())

    return render


def quoted(value: object) -> str:
    """`value` as one word of a shell line; `<placeholders>` stay readable."""
    text = str(value)
    if text.startswith("<") and text.endswith(">") and text[1:-1].replace("-", "_").isidentifier():
        return text
    return shlex.quote(text)
