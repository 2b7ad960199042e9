"""One change at a time per target, and one apply at a time per plan, on this machine."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from aof.errors import PlanRefused, UsageFault
from aof.transport.files import locked


def target_locks(
    folder: Path, *, timeout_s: float = 5.0
) -> Callable[[str], AbstractContextManager[None]]:
    """Locks by name, as files below `folder`; the lock ends with the process that holds it."""

    @contextlib.contextmanager
    def lock(name: str) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                hashed = hashlib.sha256(name.encode()).hexdigest()[:24]
                stack.enter_context(locked(folder / f"{hashed}.lock", timeout_s=timeout_s))
            except UsageFault as error:
                raise PlanRefused(
                    f"{name} is being changed by another process",
                    why=error.why,
                    fix="wait until it ends, then try again",
                ) from None
            yield

    return lock
