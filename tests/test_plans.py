"""Names from outside inside the conditions of a plan."""

import jmespath
from hypothesis import given
from hypothesis import strategies as st

from aof.plans import name_in_path, text_in_path

ODD = st.text(alphabet="a'\"`\\|&[]{}?*.@! \u00e9") | st.text()


@given(ODD, ODD)
def test_names_in_conditions_are_found_whatever_quotes_they_hold(name: str, other: str) -> None:
    listed = {"tags": [{"name": name}, {"name": f"{other}x{name}"}]}
    found = jmespath.search(f"tags[?name=={text_in_path(name)}]", listed)
    assert found == [{"name": name}]
    assert jmespath.search(f"refs.{name_in_path(name)}", {"refs": {name: 1, f"{name}y": 2}}) == 1
