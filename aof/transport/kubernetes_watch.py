"""Waiting for a change of one object by the API's watch, instead of asking again and again.

A watch only tells that something happened; the caller reads the object then. So nothing is
lost when a watch breaks off, is refused, or its place in the history is gone (410).
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aof.errors import Unreachable
from aof.transport.http import Failed
from aof.transport.kubernetes import Cluster
from aof.transport.kubernetes_resources import Resource

_HAPPENED = frozenset({"ADDED", "MODIFIED", "DELETED"})
_LATE_S = 5.0
_LONGEST_EVENT = 16 * 1024 * 1024


def changes(cluster: Cluster, kind: Resource, found: Mapping[str, Any], most_s: float) -> bool:
    """Wait for the next change of an object, at most `most_s`.

    Args:
        cluster: Where it is.
        kind: Of the object.
        found: The object as it was read.
        most_s: Seconds; the server is asked to end the watch then.

    Returns:
        Whether it changed. False when it did not, and when it cannot be watched: pause, and
        look again.
    """
    about = found.get("metadata") or {}
    params = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "fieldSelector": f"metadata.name={about.get('name')}",
        "resourceVersion": about.get("resourceVersion"),
        "timeoutSeconds": max(int(most_s), 1),
    }
    ends = time.monotonic() + most_s
    blocks = cluster.stream(kind.path(str(about.get("namespace") or "")), params, most_s + _LATE_S)
    try:
        with contextlib.closing(blocks):
            for event in _events(blocks):
                if event.get("type") != "BOOKMARK" or time.monotonic() >= ends:
                    return event.get("type") in _HAPPENED
    except (Failed, Unreachable):
        pass  # nothing is lost: the caller looks again
    return False


def _events(blocks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a stream, one a line; anything else ends it."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                return
            if not isinstance(event, dict):
                return
            yield event
        if len(rest) > _LONGEST_EVENT:
            return
