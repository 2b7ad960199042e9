"""Settings every test runs under."""

from __future__ import annotations

import os

from hypothesis import settings

# Time limits of single examples say more about the machine than about the code. In CI the
# same examples are tried every time; elsewhere new ones are looked for.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor: half of the time tests wait for programs and servers."""
    return 2 * (os.cpu_count() or 1)
