"""Waiting for a rollout: told by a watch where there is one, by looking again where not."""

import threading
import time
from typing import Any

import pytest

from tests.servers.kubernetes import KubernetesServer, failure
from tests.servers.loopback import Reply
from tests.tools.kubernetes_samples import deployment

SHOP = {"resource": "deployment/shop", "wait_s": 10}
LOOKS_IN_TEN_SECONDS = 6


def looks(server: KubernetesServer) -> int:
    return len(server.requests("GET", "/deployments/shop"))


def when_watched(server: KubernetesServer, manifest: dict[str, Any]) -> threading.Thread:
    """A controller that writes as soon as somebody watches."""

    def write() -> None:
        while not any(one.query.get("watch") for one in server.asked):
            time.sleep(0.01)
        server.add(manifest)

    controller = threading.Thread(target=write, daemon=True)
    controller.start()
    return controller


def test_a_watch_tells_of_the_end_at_once(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    server.history.seconds = 20
    controller = when_watched(server, deployment())
    found = call("rollout_status", **SHOP).data
    controller.join()
    assert found["complete"] is True
    assert looks(server) == 2


def test_a_watch_asks_for_this_object_from_where_it_was_read(
    server: KubernetesServer, call: Any
) -> None:
    stored = server.add(deployment(updatedReplicas=1))
    call("rollout_status", **SHOP)
    asked = next(one for one in server.asked if one.query.get("watch"))
    assert asked.query["fieldSelector"] == "metadata.name=shop"
    assert asked.query["resourceVersion"] == stored["metadata"]["resourceVersion"]
    assert asked.query["allowWatchBookmarks"] == "true"


def test_changes_of_other_objects_do_not_wake(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    server.history.seconds = 0.2
    other = deployment()
    other["metadata"]["name"] = "other"
    controller = when_watched(server, other)
    call("rollout_status", resource="deployment/shop", wait_s=2)
    controller.join()
    assert looks(server) == 2


WATCHES: dict[str, Reply | None] = {
    "closed without a word": Reply(drop=True),
    "closed at once": Reply(blocks=[]),
    "no JSON": Reply(blocks=[b"<html>\n"]),
    "no object": Reply(blocks=[b"[]\n"]),
    "half an event": Reply(blocks=[b'{"type":"MODI']),
    "an error event": Reply(blocks=[b'{"type":"ERROR","object":{"code":500}}\n']),
    "410 as status": failure(410, "Expired", "too old resource version"),
    "504": failure(504, "Timeout", "try again"),
    "429": failure(429, "TooManyRequests", "slow down"),
    "401": failure(401, "Unauthorized", "Unauthorized"),
    "a list instead": Reply(body={"kind": "DeploymentList", "items": []}),
}


@pytest.mark.parametrize("reply", WATCHES.values(), ids=WATCHES)
def test_without_a_usable_watch_it_looks_again(
    server: KubernetesServer, call: Any, reply: Reply
) -> None:
    server.add(deployment(updatedReplicas=1))
    server.watch_reply = reply
    assert call("rollout_status", **SHOP).data["complete"] is False
    assert looks(server) == LOOKS_IN_TEN_SECONDS


def test_where_the_history_is_gone_it_looks_again(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    server.history.oldest = 1_000_000
    call("rollout_status", **SHOP)
    assert looks(server) == LOOKS_IN_TEN_SECONDS


def test_who_may_not_watch_looks_again(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    server.forbidden.add(("watch", "deployments", "default"))
    call("rollout_status", **SHOP)
    assert looks(server) == LOOKS_IN_TEN_SECONDS


def test_an_end_told_only_by_a_later_look_is_seen(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    server.watch_reply = Reply(drop=True)
    server.object("deployments", "shop")["status"]["updatedReplicas"] = 2
    assert call("rollout_status", **SHOP).data["complete"] is True
