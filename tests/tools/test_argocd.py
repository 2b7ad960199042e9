import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aof.clock import FrozenClock
from aof.errors import NotBound, PlanRefused, Unreachable, UsageFault
from aof.tools.argocd import Argocd
from tests.servers.argocd import READ, SHA1, SHA2, SHA3, WRITE, ArgocdServer, application
from tests.servers.loopback import Reply
from tests.servers.tls import serve_tls


@pytest.fixture
def server() -> Iterator[ArgocdServer]:
    argocd = ArgocdServer(application())
    argocd.manifests["shop", SHA2] = [{"kind": "Service", "metadata": {"name": "shop"}}]
    with argocd.running():
        yield argocd


def bound(server: ArgocdServer, **settings: str) -> Any:
    given = {"ARGOCD_SERVER": server.url, "ARGOCD_TOKEN": READ, **settings}
    return Argocd.bind(given)


def call(server: ArgocdServer, operation: str, /, **arguments: Any) -> Any:
    settings = {"ARGOCD_TOKEN_WRITE": WRITE}
    return bound(server, **settings).invoke(operation, arguments)


def test_app_list_sorts_and_counts_what_is_not_well(server: ArgocdServer) -> None:
    ill = application("cart", status={"health": {"status": "Degraded"}})
    server.applications["cart"] = ill
    output = call(server, "app_list")
    assert [one["name"] for one in output.data["applications"]] == ["cart", "shop"]
    assert output.summary == "2 applications, 1 not Synced and Healthy"


def test_app_list_asks_for_project_and_labels(server: ArgocdServer) -> None:
    assert call(server, "app_list", project="other").data == {"applications": []}
    assert call(server, "app_list", selector="team=x").data == {"applications": []}


def test_app_get_gives_facts_and_the_whole_object(server: ArgocdServer) -> None:
    output = call(server, "app_get", name="shop")
    assert output.summary == f"shop: Synced, Healthy at {SHA2[:12]}"
    assert output.data["operation"]["phase"] == "Succeeded"
    assert output.data["application"]["spec"]["source"]["path"] == "deploy"
    assert "managedFields" not in output.data["application"]["metadata"]


def test_app_get_finds_auto_sync_and_the_generator(server: ArgocdServer) -> None:
    owners = [{"kind": "ApplicationSet", "name": "shops"}]
    server.applications["shop"] = application(
        spec={"syncPolicy": {"automated": {"selfHeal": True}}}, metadata={"ownerReferences": owners}
    )
    facts = call(server, "app_get", name="shop").data
    assert (facts["auto_sync"], facts["self_heal"]) == (True, True)
    assert facts["managed_by"] == "ApplicationSet shops"


def test_automated_but_disabled_is_not_auto_sync(server: ArgocdServer) -> None:
    off = {"syncPolicy": {"automated": {"enabled": False}}}
    server.applications["shop"] = application(spec=off)
    assert call(server, "app_get", name="shop").data["auto_sync"] is False


def test_app_get_can_make_argocd_look_again(server: ArgocdServer) -> None:
    server.head = SHA1
    assert call(server, "app_get", name="shop").data["sync"] == "Synced"
    assert call(server, "app_get", name="shop", refresh=True).data["sync"] == "OutOfSync"


def test_app_in_another_namespace_is_named_as_the_cli_does(server: ArgocdServer) -> None:
    server.applications["cart"] = application("cart", metadata={"namespace": "team-a"})
    assert call(server, "app_get", name="team-a/cart").data["namespace"] == "team-a"
    with pytest.raises(Unreachable, match="403"):
        call(server, "app_get", name="cart")


def test_history_is_newest_first_with_ids_that_rollback_takes(server: ArgocdServer) -> None:
    output = call(server, "app_history", name="shop")
    assert [(one["id"], one["revision"]) for one in output.data["history"]] == [
        (1, SHA2),
        (0, SHA1),
    ]
    assert output.data["history"][0]["initiated_by"] == "admin"
    assert output.data["history"][0]["current"] is True


def test_manifests_are_parsed_objects(server: ArgocdServer) -> None:
    output = call(server, "app_manifests", name="shop")
    assert output.data["manifests"] == [{"kind": "Service", "metadata": {"name": "shop"}}]
    assert output.data["revision"] == SHA2


def test_manifests_of_an_unknown_revision_fail_with_argocds_words(server: ArgocdServer) -> None:
    with pytest.raises(Unreachable, match="500") as caught:
        call(server, "app_manifests", name="shop", revision="nope")
    assert "failed to resolve nope" in caught.value.why


def test_manifests_of_several_sources_refuse_one_revision(server: ArgocdServer) -> None:
    server.applications["shop"] = application(spec={"sources": [{"path": "a"}, {"path": "b"}]})
    with pytest.raises(UsageFault, match="several sources"):
        call(server, "app_manifests", name="shop", revision=SHA1)


def test_an_application_that_does_not_exist_says_so(server: ArgocdServer) -> None:
    with pytest.raises(Unreachable, match="/api/v1/applications/none: 403") as caught:
        call(server, "app_get", name="none")
    assert caught.value.why == "permission denied"
    assert "do not exist" in caught.value.fix


def test_an_expired_token_says_so(server: ArgocdServer) -> None:
    with pytest.raises(Unreachable, match="401") as caught:
        bound(server, ARGOCD_TOKEN="old-token").invoke("app_list", {})
    assert caught.value.why == "invalid session: token signature is invalid"


@pytest.mark.parametrize("answer", [b"[]", b"<html>", b"null", b'"x"'])
def test_answers_that_are_no_application_are_reported(server: ArgocdServer, answer: bytes) -> None:
    server.plan("GET", "/shop", Reply(200, answer))
    with pytest.raises(Unreachable):
        call(server, "app_get", name="shop")


@pytest.mark.parametrize("text", ["not json", "[]", 5])
def test_manifests_that_are_none_are_reported(server: ArgocdServer, text: object) -> None:
    server.plan("GET", "/manifests", Reply(200, {"manifests": [text]}))
    with pytest.raises(Unreachable, match="is not a JSON object"):
        call(server, "app_manifests", name="shop")


def test_a_redirect_is_not_followed_with_the_token(server: ArgocdServer) -> None:
    server.plan("GET", "/shop", Reply(307, b"", {"location": "https://elsewhere.example.com/"}))
    with pytest.raises(Unreachable, match="307") as caught:
        call(server, "app_get", name="shop")
    assert "redirects to https://elsewhere.example.com/" in caught.value.fix


def test_reads_are_repeated_when_argocd_is_busy(server: ArgocdServer) -> None:
    server.plan("GET", "/shop", Reply(429, b"slow down", {"retry-after": "0"}), Reply(503))
    assert call(server, "app_get", name="shop").data["name"] == "shop"
    assert len(server.asked) == 3


@pytest.mark.parametrize("name", ["--prune", "a b", "../x", "Shop", "a/b/c", ""])
def test_names_that_are_no_names_are_refused(server: ArgocdServer, name: str) -> None:
    with pytest.raises(UsageFault, match="wrong arguments"):
        call(server, "app_get", name=name)
    assert server.asked == []


def test_self_signed_tls_is_refused_unless_configured(tmp_path: Path) -> None:
    server = ArgocdServer(application())
    ca_file = serve_tls(server, tmp_path)
    with server.running():
        with pytest.raises(Unreachable) as caught:
            bound(server).invoke("app_list", {})
        assert "certificate verify failed" in caught.value.why.lower()
        trusted = bound(server, ARGOCD_CA_FILE=str(ca_file)).invoke("app_list", {})
        assert (len(trusted.data["applications"]), trusted.warnings) == (1, ())
        careless = bound(server, ARGOCD_INSECURE="true").invoke("app_list", {})
        assert "not checked" in careless.warnings[0]


def test_the_tool_is_not_bound_without_server_and_token() -> None:
    with pytest.raises(NotBound) as caught:
        Argocd.bind({"ARGOCD_SERVER": "argocd.example.com"})
    assert "ARGOCD_TOKEN" in caught.value.why


def test_the_probe_says_version_and_user(server: ArgocdServer) -> None:
    assert bound(server).probe() == "Argo CD v3.1.0+abc as reader"
    with pytest.raises(Unreachable, match="does not accept the token"):
        bound(server, ARGOCD_TOKEN="old").probe()


def test_a_server_without_scheme_is_https() -> None:
    tool: Any = Argocd.bind({"ARGOCD_SERVER": "argocd.example.com", "ARGOCD_TOKEN": "x"})
    assert tool._http("ARGOCD_TOKEN").base_url == "https://argocd.example.com"


# -- differences --------------------------------------------------------------------------


def managed(name: str, live: Any, target: Any, kind: str = "Deployment") -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "namespace": "shop",
        "targetState": json.dumps(target),
        "liveState": json.dumps(live),
        "normalizedLiveState": json.dumps(live),
        "predictedLiveState": json.dumps({**live, **target} if live and target else target),
    }


def test_diff_says_what_differs_is_missing_or_extra(server: ArgocdServer) -> None:
    server.resources["shop"] = [
        managed("same", {"spec": {"replicas": 1}}, {"spec": {"replicas": 1}}),
        managed("changed", {"spec": {"replicas": 9}}, {"spec": {"replicas": 1}}),
        managed("missing", None, {"spec": {}}),
        managed("extra", {"spec": {}}, None),
        {"kind": "Job", "name": "migrate", "hook": True, "liveState": "null"},
    ]
    output = call(server, "app_diff", name="shop")
    assert output.summary == "shop: 3 of 4 resources differ"
    found = {one["name"]: one for one in output.data["resources"]}
    assert {name: one["status"] for name, one in found.items()} == {
        "changed": "changed",
        "missing": "missing",
        "extra": "extra",
    }
    assert "-  replicas: 9\n+  replicas: 1" in found["changed"]["diff"]
    assert len(call(server, "app_diff", name="shop", all_resources=True).data["resources"]) == 4


def test_diff_hides_secret_values(server: ArgocdServer) -> None:
    live, target = ({"kind": "Secret", "data": {"pin": text}} for text in ("b2xk", "bmV3"))
    server.resources["shop"] = [managed("login", live, target, kind="Secret")]
    text = call(server, "app_diff", name="shop").data["resources"][0]["diff"]
    assert "pin" in text
    assert "b2xk" not in text


# -- waiting ------------------------------------------------------------------------------


class Turns(FrozenClock):
    """A clock whose every pause lets something happen."""

    def __init__(self, *turns: Callable[[], None]) -> None:
        super().__init__(datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
        self.turns = list(turns)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.turns:
            self.turns.pop(0)()


def wait(server: ArgocdServer, *turns: Callable[[], None], **arguments: Any) -> dict[str, Any]:
    settings = {"ARGOCD_SERVER": server.url, "ARGOCD_TOKEN": READ}
    tool = Argocd.bind(settings, clock=Turns(*turns))
    data: dict[str, Any] = tool.invoke("app_wait", {"name": "shop", **arguments}).data
    return data


def start(server: ArgocdServer, revision: str) -> None:
    """As a sync to a new head of Git does."""
    server.head = revision
    call(server, "app_sync", name="shop")


def test_wait_ends_when_revision_operation_and_health_agree(server: ArgocdServer) -> None:
    server.applications["shop"]["operation"] = {
        "sync": {"revision": SHA3, "source": {}, "dryRun": False}
    }
    server.head = SHA3
    found = wait(server, revision=SHA3[:8])
    assert (found["arrived"], found["revision"]) == (True, SHA3)


def test_wait_is_not_fooled_by_the_health_of_the_old_revision(server: ArgocdServer) -> None:
    found = wait(server, revision=SHA3, timeout_s=20)
    assert (found["arrived"], found["outcome"], found["health"]) == (False, "timeout", "Healthy")
    assert found["reason"] == f"compared with {SHA2} so far"
    assert found["waited_s"] == 20


def test_wait_wants_an_operation_for_that_very_revision(server: ArgocdServer) -> None:
    status = server.applications["shop"]["status"]
    status["sync"]["revision"] = SHA3
    status["history"].append({"id": 2, "revision": SHA3, "source": {}})
    server.head = SHA3
    found = wait(server, revision=SHA3, timeout_s=0)
    assert found["reason"].startswith(f"no operation succeeded for {SHA3}")
    assert wait(server, revision=SHA3, timeout_s=0, operation_needed=False)["arrived"] is True


def test_wait_does_not_trust_health_older_than_the_operation(server: ArgocdServer) -> None:
    status = server.applications["shop"]["status"]
    status["operationState"]["finishedAt"] = "2026-11-20T12:00:00Z"
    found = wait(server, revision=SHA2, timeout_s=0)
    assert found["reason"] == "not looked at since the operation finished"


def test_wait_ends_at_once_when_the_operation_failed(server: ArgocdServer) -> None:
    start(server, SHA3)
    server.reconcile("shop", phase="Failed")
    found = wait(server, revision=SHA3, timeout_s=300)
    assert (found["outcome"], found["waited_s"]) == ("failed", 0)
    assert "one or more objects failed to apply" in found["reason"]


def test_wait_sees_health_come(server: ArgocdServer) -> None:
    start(server, SHA3)
    server.reconcile("shop", health="Progressing")
    found = wait(server, lambda: server.reconcile("shop", health="Healthy"), revision=SHA3)
    assert (found["outcome"], found["waited_s"]) == ("arrived", 5)


def test_soaking_keeps_looking_and_tells_when_health_is_lost(server: ArgocdServer) -> None:
    assert wait(server, revision=SHA2, soak_s=20)["soaked_s"] == 20
    sick = wait(server, lambda: server.reconcile("shop", health="Degraded"), soak_s=20)
    assert (sick["outcome"], sick["health"]) == ("lost", "Degraded")


def test_wait_takes_the_tag_the_application_targets(server: ArgocdServer) -> None:
    server.applications["shop"]["spec"]["source"]["targetRevision"] = "v1.3.0"
    server.applications["shop"]["status"]["sync"]["comparedTo"] = {
        "source": {"targetRevision": "main"}
    }
    settings = {"ARGOCD_SERVER": server.url, "ARGOCD_TOKEN": READ}
    stale = Argocd.bind(settings, clock=Turns())
    server.plan("GET", "/shop", Reply(body=application()))
    assert (
        stale.invoke("app_wait", {"name": "shop", "revision": "v1.3.0", "timeout_s": 0}).data[
            "arrived"
        ]
        is False
    )
    assert wait(server, revision="v1.3.0", timeout_s=0)["arrived"] is True


def test_wait_after_a_rollback_does_not_want_git_in_sync(server: ArgocdServer) -> None:
    call(server, "app_rollback", name="shop", history_id=0)
    found = wait(server, revision=SHA1, synced=False, timeout_s=0)
    assert (found["arrived"], found["sync"]) == (True, "OutOfSync")
    facts = call(server, "app_get", name="shop").data
    assert (facts["revision"], facts["deployed"]) == (SHA2, SHA1)
    assert wait(server, revision=SHA1, timeout_s=0)["arrived"] is False


# -- writes -------------------------------------------------------------------------------


def test_sync_starts_an_operation_with_the_write_token(server: ArgocdServer) -> None:
    output = call(server, "app_sync", name="shop", prune=True, resources=["apps:Deployment:ns/web"])
    sent = server.requests("POST")[0]
    assert sent.headers["authorization"] == f"Bearer {WRITE}"
    assert sent.json()["resources"] == [
        {"group": "apps", "kind": "Deployment", "name": "web", "namespace": "ns"}
    ]
    assert (output.data["revision"], output.warnings) == (SHA2, ())


def test_writing_with_the_read_token_is_said_and_refused_by_argocd(server: ArgocdServer) -> None:
    with pytest.raises(Unreachable, match="403"):
        bound(server).invoke("app_sync", {"name": "shop"})
    both = bound(server, ARGOCD_TOKEN=WRITE).invoke("app_sync", {"name": "shop"})
    assert "ARGOCD_TOKEN_WRITE is not set" in both.warnings[0]


def test_a_write_is_never_repeated(server: ArgocdServer) -> None:
    server.plan("POST", "/sync", Reply(503, b"busy"))
    with pytest.raises(Unreachable, match="503"):
        call(server, "app_sync", name="shop")
    assert len(server.requests("POST")) == 1


def test_sync_to_another_revision_under_auto_sync_is_refused_by_argocd(
    server: ArgocdServer,
) -> None:
    server.applications["shop"]["spec"]["syncPolicy"] = {"automated": {}}
    with pytest.raises(PlanRefused) as caught:
        call(server, "app_sync", name="shop", revision=SHA1)
    assert "auto-sync currently set to main" in caught.value.why


def test_sync_force_is_only_sent_when_asked(server: ArgocdServer) -> None:
    call(server, "app_sync", name="shop", dry_run=True)
    server.reconcile("shop")
    call(server, "app_sync", name="shop", force=True, revision="main")
    plain, forced = (one.json() for one in server.requests("POST"))
    assert "strategy" not in plain
    assert forced["strategy"] == {"hook": {"force": True}}


def test_a_running_operation_refuses_the_next(server: ArgocdServer) -> None:
    call(server, "app_sync", name="shop")
    with pytest.raises(PlanRefused, match="another operation is in progress"):
        call(server, "app_rollback", name="shop", history_id=0)


def test_rollback_goes_to_the_history_id(server: ArgocdServer) -> None:
    output = call(server, "app_rollback", name="shop", history_id=0)
    assert server.requests("POST", "/rollback")[0].json() == {
        "name": "shop",
        "id": 0,
        "prune": False,
        "dryRun": False,
    }
    assert output.data["revision"] == SHA1


def test_rollback_under_auto_sync_is_refused_with_the_reason(server: ArgocdServer) -> None:
    server.applications["shop"]["spec"]["syncPolicy"] = {"automated": {"prune": True}}
    with pytest.raises(PlanRefused, match="auto-sync is on") as caught:
        call(server, "app_rollback", name="shop", history_id=0)
    assert "revert the commit in Git" in caught.value.fix
    assert server.requests("POST") == []


def test_auto_sync_switched_on_in_between_is_refused_by_argocd(server: ArgocdServer) -> None:
    words = "rollback cannot be initiated when auto-sync is enabled"
    server.plan("POST", "/rollback", Reply(400, {"code": 9, "message": words}))
    with pytest.raises(PlanRefused) as caught:
        call(server, "app_rollback", name="shop", history_id=0)
    assert caught.value.why == words


@pytest.mark.parametrize(
    "commit",
    [SHA1, "a1b2c3d", "1234567", "0e12345", "", "1_0", "00", "01", True, 1.0, None, -1, 10**6],
)
def test_a_commit_never_becomes_a_history_id(server: ArgocdServer, commit: object) -> None:
    with pytest.raises(UsageFault, match="wrong arguments"):
        call(server, "app_rollback", name="shop", history_id=commit)
    assert server.asked == []


def test_a_history_id_that_is_gone_is_refused(server: ArgocdServer) -> None:
    with pytest.raises(PlanRefused, match="no history ID 123456") as caught:
        call(server, "app_rollback", name="shop", history_id=123456)
    assert "the history has: 1, 0" in caught.value.why


def test_set_changes_only_what_is_named(server: ArgocdServer) -> None:
    source = server.applications["shop"]["spec"]["source"]
    source["helm"] = {"parameters": [{"name": "a", "value": "1"}, {"name": "tag", "value": "1.9"}]}
    source["kustomize"] = {"images": ["cart:1", "shop=registry/shop:1"]}
    output = call(
        server,
        "app_set",
        name="shop",
        revision="v1.3.0",
        parameters={"tag": "2.0", "new": "x"},
        images=["shop=registry/shop:2"],
    )
    changed = server.applications["shop"]["spec"]["source"]
    assert changed["targetRevision"] == "v1.3.0"
    assert changed["helm"]["parameters"] == [
        {"name": "a", "value": "1"},
        {"name": "tag", "value": "2.0"},
        {"name": "new", "value": "x"},
    ]
    assert changed["kustomize"]["images"] == ["cart:1", "shop=registry/shop:2"]
    assert output.data["source"]["targetRevision"] == "v1.3.0"


def test_set_is_safe_to_repeat(server: ArgocdServer) -> None:
    arguments: dict[str, Any] = {"name": "shop", "revision": "v2", "parameters": {"a": "1"}}
    assert call(server, "app_set", **arguments).data["changed"] is True
    assert call(server, "app_set", **arguments).data["changed"] is False
    assert len(server.requests("PATCH")) == 1


def test_set_refuses_when_somebody_changed_it_meanwhile(server: ArgocdServer) -> None:
    server.plan("GET", "/shop", Reply(body=application()))
    server.applications["shop"]["spec"]["source"]["targetRevision"] = "hotfix"
    with pytest.raises(PlanRefused, match="changed by somebody else"):
        call(server, "app_set", name="shop", revision="v2")
    assert server.applications["shop"]["spec"]["source"]["targetRevision"] == "hotfix"


def test_set_of_several_sources_wants_a_position(server: ArgocdServer) -> None:
    sources = [{"path": "a", "targetRevision": "1"}, {"path": "b", "targetRevision": "1"}]
    server.applications["shop"]["spec"]["sources"] = sources
    with pytest.raises(UsageFault, match="has 2 sources"):
        call(server, "app_set", name="shop", revision="2")
    call(server, "app_set", name="shop", revision="2", source_position=2)
    changed = server.applications["shop"]["spec"]["sources"]
    assert [one["targetRevision"] for one in changed] == ["1", "2"]


def test_set_warns_when_the_application_is_generated(server: ArgocdServer) -> None:
    owners = [{"kind": "ApplicationSet", "name": "shops"}]
    server.applications["shop"]["metadata"]["ownerReferences"] = owners
    output = call(server, "app_set", name="shop", revision="v2")
    assert "ApplicationSet shops, which may undo it" in output.warnings[0]


@pytest.mark.parametrize(
    ("operation", "arguments", "command"),
    [
        ("app_rollback", {"name": "shop", "history_id": 12}, "argocd app rollback shop 12"),
        ("app_rollback", {"name": "<app>"}, "argocd app rollback <app> <history-id>"),
        (
            "app_sync",
            {"name": "t/shop", "revision": "v1", "prune": True, "resources": [":Service:web"]},
            "argocd app sync t/shop --revision v1 --resource :Service:web --prune",
        ),
        (
            "app_set",
            {"name": "shop", "revision": "v1", "parameters": {"a": "x y"}, "source_position": 2},
            "argocd app set shop --revision v1 --parameter 'a=x y' --source-position 2",
        ),
    ],
)
def test_commands_read_as_a_person_would_type_them(
    operation: str, arguments: dict[str, Any], command: str
) -> None:
    assert Argocd.operations()[operation].command(arguments) == command
