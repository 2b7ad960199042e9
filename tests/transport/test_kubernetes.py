"""The session with an API server: what the wire may do to it."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import Unreachable
from aof.transport.deadline import time_limit
from aof.transport.kubernetes import JSON_PATCH, Cluster, Denied
from tests.servers.kubernetes import KubernetesServer, failure
from tests.servers.loopback import Asked, Reply

PATH = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    running = KubernetesServer()
    with running.running():
        yield running


@pytest.fixture
def cluster(server: KubernetesServer, tmp_path: Path) -> Cluster:
    return Cluster(str(server.kubeconfig(tmp_path)))


def test_compressed_answers_are_read(server: KubernetesServer, cluster: Cluster) -> None:
    body = gzip.compress(json.dumps({"items": [{"a": 1}]}).encode())
    server.plan("GET", PATH, Reply(200, body, {"content-encoding": "gzip"}))
    assert cluster.get(PATH)["items"] == [{"a": 1}]
    assert server.asked[-1].headers["accept-encoding"] == "gzip"


def test_an_answer_that_breaks_off_is_asked_for_again(
    server: KubernetesServer, cluster: Cluster
) -> None:
    server.plan("GET", PATH, Reply(200, {"items": ["x" * 100]}, cut=20))
    assert cluster.get(PATH)["kind"] == "ConfigMapList"
    assert len(server.asked) == 2


def test_a_change_whose_answer_breaks_off_is_not_sent_again(
    server: KubernetesServer, cluster: Cluster
) -> None:
    server.plan("PATCH", PATH, Reply(200, {"kind": "x" * 100}, cut=20))
    with pytest.raises(Unreachable, match="no connection"):
        cluster.send("PATCH", f"{PATH}/a", [], content_type=JSON_PATCH)
    assert len(server.requests("PATCH")) == 1


def test_a_silent_server_is_given_up_when_the_calls_time_is_over(
    server: KubernetesServer, cluster: Cluster
) -> None:
    def late(_: Asked) -> Reply:
        time.sleep(0.6)
        return Reply(body={})

    server.routes.insert(0, ("GET", server.routes[0][1], late))
    began = time.monotonic()
    with time_limit(0.3), pytest.raises(Unreachable, match="no answer within"):
        cluster.get(PATH)
    assert time.monotonic() - began < 0.55


def test_a_pause_longer_than_the_time_left_is_not_slept_through(
    server: KubernetesServer, cluster: Cluster
) -> None:
    busy = failure(429, "TooManyRequests", "too many requests")
    busy.headers["retry-after"] = "15"
    server.plan("GET", PATH, busy)
    with time_limit(5), pytest.raises(Denied, match="429") as caught:
        cluster.get(PATH)
    assert (caught.value.reason, len(server.asked)) == ("TooManyRequests", 1)


def test_causes_the_message_does_not_name_are_added(
    server: KubernetesServer, cluster: Cluster
) -> None:
    cause = {"field": "spec.replicas", "message": "must be positive"}
    server.plan("GET", PATH, failure(422, "Invalid", "it is invalid", [cause]))
    with pytest.raises(Denied) as caught:
        cluster.get(PATH)
    assert caught.value.why == "it is invalid (spec.replicas: must be positive)"
    assert caught.value.causes == ["spec.replicas: must be positive"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"details": "x"}', b'{"details": {"causes": [{}, 5]}}']
)
def test_refusals_in_any_form_keep_status_and_words(
    server: KubernetesServer, cluster: Cluster, body: bytes
) -> None:
    server.plan("GET", PATH, Reply(403, body))
    with pytest.raises(Denied, match="403") as caught:
        cluster.get(PATH)
    assert caught.value.status == 403
    assert "permission" in caught.value.fix
