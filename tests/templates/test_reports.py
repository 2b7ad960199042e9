import pytest

from aof.errors import UsageFault
from aof.templates.reports import render


def test_a_template_places_values() -> None:
    assert render("# {{ a }}\n\n\n\n{{ b }}  \n", {"a": 1, "b": 2}, name="t") == "# 1\n\n2\n"


@pytest.mark.parametrize(
    "template",
    [
        "{{ nothing }}",
        "{{ a.__class__.__mro__ }}",
        "{% for x in %}",
        "{{ ().__class__.__base__.__subclasses__() }}",
    ],
)
def test_what_a_template_may_not_do_is_refused(template: str) -> None:
    with pytest.raises(UsageFault, match="cannot be rendered"):
        render(template, {"a": "x"}, name="t")
