import pytest

from aof.errors import NotBound, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import Setting, Tool, operation


class Lamp(Tool):
    name = "lamp"
    about = "A lamp."
    settings_read = (Setting("LAMP_URL", "where it is", required=True),)

    @operation(aliases=("lamp_state",))
    def get(self, room: str) -> ToolOutput:
        """Tell whether the lamp is on."""
        return ToolOutput({"room": room, "on": True}, "on")

    @operation(effect=Effect.WRITE, command="lamp switch {room} --level {level}")
    def switch(self, room: str, level: int = 100) -> ToolOutput:
        """Switch the lamp."""
        return ToolOutput({"level": level}, f"{room} at {level}")


def test_signature_and_docstring_become_the_operation() -> None:
    switch = Lamp.operations()["switch"]
    assert switch.summary == "Switch the lamp."
    assert switch.effect is Effect.WRITE
    assert switch.parameters["required"] == ["room"]
    assert switch.parameters["properties"]["level"]["type"] == "integer"
    assert switch.function_name == "lamp_switch"


def test_command_reads_as_a_person_would_type_it() -> None:
    render = Lamp.operations()["switch"].command
    assert render({"room": "living room", "level": 5}) == "lamp switch 'living room' --level 5"
    assert render({"room": "<room>"}) == "lamp switch <room> --level <level>"


def test_binding_needs_the_required_setting() -> None:
    with pytest.raises(NotBound, match="lamp is not configured") as caught:
        Lamp.bind({})
    assert "LAMP_URL" in caught.value.why


@pytest.mark.parametrize("arguments", [{}, {"room": "x", "level": "loud"}, {"room": "x", "no": 1}])
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageFault, match="lamp switch: wrong arguments"):
        Lamp.bind({"LAMP_URL": "x"}).invoke("switch", arguments)


def test_invoke_runs_the_operation_with_converted_arguments() -> None:
    output = Lamp.bind({"LAMP_URL": "x"}).invoke("switch", {"room": "hall", "level": "7"})
    assert output.data == {"level": 7}


def test_a_write_without_a_command_cannot_be_declared() -> None:
    with pytest.raises(TypeError):
        operation(effect=Effect.WRITE)
