"""Phase 2: a model looks further, explains, and may be more cautious than the code.

Whatever goes wrong here, the assessment stands: a model that fails, stalls, loops or lies
costs its own words and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aof.clock import Clock
from aof.engine.budget import Budget, Limits
from aof.engine.calls import RecordedCalls
from aof.engine.caution import Opinion, opinion_from, opinion_of
from aof.engine.claims import Sources, check_claims
from aof.engine.conversation import Conversation, as_text
from aof.engine.model_calls import ModelCalls
from aof.engine.structured import parse_answer
from aof.engine.wording import signed, tidied
from aof.messages import Message, Operation, Usage
from aof.models.base import EMBEDDED, Model, ModelFailed, ModelReply, ModelRequest
from aof.plans import Action
from aof.runlog import RunLog

_CONCLUDE = "No further calls can be made. Answer now with what you have."


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model contributed.

    Attributes:
        text: Markdown for the report, claims marked; empty when it said nothing.
        model: Who answered last; `embedded` when none did.
        usage: Over all turns and models.
        opinion: The decision it argues for.
        answer: The value of `output_schema`, when one was asked for and given.
        unsupported: Numbers and names it gave that stand in no evidence.
        actions: Changes it proposed.
        warnings: What the reader must know about how this came to be.
        failure: Why no model could finish, or None.
        interrupted: Ctrl-C ended it.
    """

    text: str = ""
    model: str = EMBEDDED
    usage: Usage = field(default_factory=Usage)
    opinion: Opinion | None = None
    answer: Any = None
    unsupported: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: ModelFailed | None = None
    interrupted: bool = False


@dataclass(slots=True)
class Reasoner:
    """One reasoning phase.

    Args:
        models: Best first; each failure moves on to the next.
        calls: The recorded way to tools.
        log: Where every question and answer is recorded.
        clock: For durations.
        limits: How far it may go.
        output_schema: What the answer must follow, or None.
        sources: Texts besides evidence that a claim may rest on.
    """

    models: Sequence[Model]
    calls: RecordedCalls
    log: RunLog
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    output_schema: Mapping[str, Any] | None = None
    sources: Sequence[str] = ()
    _at: int = 0
    _recorded: int = 0
    _spoke: str = EMBEDDED
    _warnings: list[str] = field(default_factory=list)
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.limits)

    def reason(self, system: str, question: str) -> Reasoning:
        """Begin a conversation with a question; see `go_on`."""
        conversation = Conversation(
            self.log.redactor,
            context_tokens=self.limits.context_tokens,
            keep=self.limits.context_messages,
        )
        conversation.open(system, question)
        return self.go_on(conversation)

    @property
    def usage(self) -> Usage:
        """Spent so far."""
        return self._budget.usage

    def draft(self, system: str, question: str, schema: Mapping[str, Any]) -> tuple[Any, str]:
        """One question without tools, answered as JSON; or None and why there is no answer.

        It counts for the same limits, and asks the model that answered last.
        """
        if stop := self._budget.spent():
            return None, stop
        conversation = Conversation(self.log.redactor, context_tokens=self.limits.context_tokens)
        conversation.open(system, question)
        asking = replace(
            self, models=self.models[self._at :], output_schema=schema, _at=0, _recorded=0
        )
        asking._budget = self._budget
        try:
            text = asking._ask(conversation, (), may_call=False).content
        except ModelFailed as error:
            return None, _line(error)
        except KeyboardInterrupt:
            return None, "the model was interrupted"
        value, problems = parse_answer(text, schema)
        return value, "; ".join(problems[:3])

    def go_on(self, conversation: Conversation) -> Reasoning:
        """Hold the conversation until the model answers; never raises for a model's failure."""
        tools = ModelCalls(self.calls, conversation)
        text, failure, interrupted = "", None, False
        try:
            text = self._converse(conversation, tools)
        except ModelFailed as error:
            failure = error
            self._warnings.append(f"the model could not finish: {_line(error)}")
        except KeyboardInterrupt:
            interrupted = True
            self._warnings.append("the model was interrupted; the verdict is the code's")
        checked = self._checked(text, conversation)
        return replace(
            checked, actions=tuple(tools.actions), failure=failure, interrupted=interrupted
        )

    def _converse(self, conversation: Conversation, tools: ModelCalls) -> str:
        """Turns until the model answers without calling; returns that answer."""
        operations = tools.operations()
        for turn in range(1, self.limits.iterations + 1):
            if stop := self._budget.spent():
                self._warnings.append(stop)
                return ""
            last = turn == self.limits.iterations or self._budget.nearly_spent()
            if last and turn > 1:
                conversation.add(Message("user", _CONCLUDE))
            message = self._ask(conversation, operations, may_call=not last)
            if not message.tool_calls:
                return self._accepted(message.content, conversation, operations)
            if last:
                break
            tools.run(message.tool_calls, reason=_reason(message.content))
        self._warnings.append(f"the model was stopped after {turn} turns without an answer")
        return ""

    def _accepted(
        self, text: str, conversation: Conversation, operations: Sequence[Operation]
    ) -> str:
        """The final answer; one that breaks its schema may be corrected once."""
        if not text.strip():
            self._warnings.append("the model gave an empty answer")
        if self.output_schema is None:
            return text
        _, problems = parse_answer(text, self.output_schema)
        if not problems or self._budget.spent():
            return text
        listed = "\n".join(f"- {problem}" for problem in problems)
        conversation.add(
            Message(
                "user",
                f"The answer does not follow its JSON Schema:\n{listed}\n"
                "Answer again with the corrected JSON only.",
            )
        )
        return self._ask(conversation, operations, may_call=False).content

    def _ask(
        self, conversation: Conversation, operations: Sequence[Operation], *, may_call: bool
    ) -> Message:
        """One turn, of the first model that can take it; added to the conversation."""
        request = ModelRequest(
            conversation.messages(),
            operations,
            max_tokens=self.limits.answer_tokens,
            temperature=self.limits.temperature,
            output_schema=self.output_schema,
            may_call=may_call,
        )
        asked = self._record(request.messages)
        while True:
            model = self.models[self._at]
            self.log.append("model.called", model=model.name, asked=asked)
            began = self.clock.monotonic()
            try:
                reply = self._affordable(model).complete(request, self.calls.progress.said)
            except ModelFailed as error:
                self._moved_on(model, error)
                continue
            self.calls.progress.said("")
            self._count(reply, model.name, self.clock.monotonic() - began)
            conversation.add(reply.message)
            return reply.message

    def _record(self, messages: Sequence[Message]) -> str:
        """Store what the model has not been shown before; returns where."""
        new = messages[self._recorded :]
        self._recorded = len(messages) + 1
        return self.log.store([{"role": one.role, "content": one.content} for one in new])

    def _affordable(self, model: Model) -> Model:
        if self.limits.cost_usd is not None and not model.priced:
            raise ModelFailed(
                f"{model.name} was not asked: its price is not known",
                why="a cost limit is set and could not be kept",
                fix="set AOF_MODEL_PRICE to dollars per million tokens, input/output: 0.30/2.50",
            )
        return model

    def _moved_on(self, model: Model, error: ModelFailed) -> None:
        """Go to the next model, or raise `error` when there is none."""
        self.log.append("model.failed", model=model.name, error=error.as_dict())
        if self._at + 1 >= len(self.models):
            raise error
        self._at += 1
        self._warnings.append(f"{_line(error)}: went on with {self.models[self._at].name}")
        self.calls.progress.note(f"{error.what}; going on with {self.models[self._at].name}")

    def _count(self, reply: ModelReply, model: str, seconds: float) -> None:
        self._budget.add(reply.usage)
        self._spoke = model
        if reply.finish == "length":
            self._warnings.append("the model's answer was cut off at max_tokens")
        self.log.append(
            "model.answered",
            model=model,
            text=reply.message.content,
            calls=[
                {
                    "id": call.id,
                    "tool": call.tool,
                    "operation": call.operation,
                    "arguments": dict(call.arguments),
                    "problem": call.problem,
                }
                for call in reply.message.tool_calls
            ],
            finish=reply.finish,
            usage=asdict(reply.usage),
            seconds=round(seconds, 3),
        )

    def _checked(self, text: str, conversation: Conversation) -> Reasoning:
        """An answer with its claims checked, its decision read, its schema applied."""
        answer, opinion = None, opinion_of(text)
        if self.output_schema is not None and text:
            answer, problems = parse_answer(text, self.output_schema)
            if problems:
                listed = "; ".join(problems)
                self._warnings.append(f"the reply does not follow output_schema: {listed}")
                answer = None
            opinion = _opinion_in(answer) or opinion
        values = [as_text(value) for value in self.calls.answers.values()]
        sources = Sources([*self.sources, *values, *conversation.texts.values()])
        checked = check_claims(tidied(text, answer), sources)
        if text and self.calls.evidence and not checked.cited:
            self._warnings.append("the model cites no evidence")
        return Reasoning(
            text=signed(checked.text, self._spoke, checked.unsupported, self._budget.usage),
            model=self._spoke,
            usage=self._budget.usage,
            opinion=opinion,
            answer=answer,
            unsupported=checked.unsupported,
            warnings=tuple(self._warnings),
        )


def _opinion_in(answer: Any) -> Opinion | None:
    """The decision inside a structured answer, under the names one would give it."""
    if not isinstance(answer, dict):
        return None
    found = answer.get("decision", answer.get("verdict"))
    return opinion_from(found) if isinstance(found, str) else None


def _reason(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"proposed by the model: {line[:200]}" if line else "proposed by the model"


def _line(error: ModelFailed) -> str:
    return f"{error.what} ({error.why})" if error.why else error.what
