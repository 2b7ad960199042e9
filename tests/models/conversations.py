"""What the tests of models ask with: one operation and one question."""

from aof.messages import Effect, Message, Operation
from aof.models.base import ModelRequest

QUERY = Operation(
    tool="prometheus_query",
    name="query",
    effect=Effect.READ,
    summary="Run a query.",
    description="Run a query.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}},
                "required": ["query"]},
    command=lambda arguments: f"promtool query {arguments['query']}",
)  # fmt: skip
ASK = ModelRequest(
    messages=(Message("system", "You judge."), Message("user", "Is myapp well?")),
    operations=(QUERY,),
    max_tokens=512,
    temperature=0.1,
)


def ignore(_: str) -> None:
    return None
