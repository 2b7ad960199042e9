"""What the tests of kubectl share."""

from typing import Any

import pytest

from aof.errors import Unreachable


def refused(call: Any, operation: str, /, **arguments: Any) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        call(operation, **arguments)
    return caught.value
