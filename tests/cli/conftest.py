"""What tests of the command line share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def signals_are_heeded() -> Iterator[None]:
    """Programs started here end on a signal, even when the tests run under nohup or as a job."""
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGHUP)}
    for one, how in kept.items():
        if how is signal.SIG_IGN:
            signal.signal(one, signal.SIG_DFL)
    yield
    for one, how in kept.items():
        signal.signal(one, how)
