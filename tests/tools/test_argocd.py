from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import NotBound, Unreachable, UsageFault
from aof.tools.argocd import Argocd
from tests.servers.argocd import READ, SHA1, SHA2, WRITE, ArgocdServer, application
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


def test_a_server_without_scheme_is_https() -> None:
    tool: Any = Argocd.bind({"ARGOCD_SERVER": "argocd.example.com", "ARGOCD_TOKEN": "x"})
    assert tool._http("ARGOCD_TOKEN").base_url == "https://argocd.example.com"
