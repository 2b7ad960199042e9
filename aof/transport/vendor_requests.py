"""Failures of `requests`, which vendors' libraries use, in our own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aof.transport.http import Failed, no_connection, timed_out

if TYPE_CHECKING:
    import requests


def failed(shown: str, error: requests.RequestException, timeout_s: float) -> Failed:
    """What became of the request `shown`; only one that never arrived is worth another try."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    cause = _cause(error)
    if isinstance(error, requests.ConnectTimeout):
        return Failed(timed_out(shown, timeout_s), retry=True)
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return Failed(timed_out(shown, timeout_s), retry=False)
    return Failed(no_connection(shown, cause), retry=True)


def _cause(error: Exception) -> Exception:
    """The innermost reason: requests wraps the words of urllib3 and of the socket."""
    inner = error.args[0] if error.args else None
    for found in (getattr(inner, "reason", None), inner):
        if isinstance(found, Exception):
            return found
    return error
