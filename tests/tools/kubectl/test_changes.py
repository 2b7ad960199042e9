import copy
from typing import Any

import pytest

from aof.errors import PlanRefused, UsageFault
from aof.tools.kubectl import Kubectl
from tests.servers.kubernetes import KubernetesServer, failure
from tests.servers.loopback import Reply
from tests.tools.kubectl.refusal import refused
from tests.tools.kubernetes_samples import (
    named,
    pod_template,
    replica_set,
)


def old_and_new(server: KubernetesServer) -> None:
    server.add(replica_set("shop-a", 1, "shop:1"))
    server.add(replica_set("shop-b", 2, "shop:2"))


def test_apply_creates_configures_and_leaves_alone(server: KubernetesServer, call: Any) -> None:
    manifests = [named("ConfigMap", "a", data={"x": "1"}), named("ConfigMap", "b")]
    first = call("apply", manifests=manifests)
    assert first.summary == "configmap/a created, configmap/b created"
    manifests[0]["data"] = {"y": "2"}
    second = call("apply", manifests=manifests)
    assert [one["change"] for one in second.data["objects"]] == ["configured", "unchanged"]
    assert server.object("configmaps", "a")["data"] == {"y": "2"}


def test_apply_is_owned_by_aofctl(server: KubernetesServer, call: Any) -> None:
    call("apply", manifests=[named("ConfigMap", "a", data={"x": "1"})])
    found = call("get", resource="cm/a", show_managed_fields=True).data["metadata"]
    assert (found["managedFields"][0]["manager"], found["managedFields"][0]["operation"]) == (
        "aofctl",
        "Apply",
    )


def test_changes_are_validated_strictly(server: KubernetesServer, call: Any) -> None:
    call("apply", manifests=[named("ConfigMap", "a")])
    call("scale", resource="deploy/shop", replicas=1)
    asked = server.requests("PATCH")
    assert [one.query["fieldValidation"] for one in asked] == ["Strict", "Strict"]


def test_apply_refuses_fields_of_others_unless_forced(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a", data={"x": "1"}), manager="helm")
    mine = [named("ConfigMap", "a", data={"x": "2"})]
    error = refused(call, "apply", manifests=mine)
    assert 'conflict with "helm": .data.x' in error.why
    assert "force_conflicts" in error.fix
    call("apply", manifests=mine, force_conflicts=True)
    assert server.object("configmaps", "a")["data"] == {"x": "2"}


def test_apply_says_what_was_applied_before_it_stopped(server: KubernetesServer, call: Any) -> None:
    bad = named("Deployment", "shop", "apps/v1", spec={"replicas": -1})
    manifests = [named("ConfigMap", "a"), bad, named("ConfigMap", "b")]
    error = refused(call, "apply", manifests=manifests, force_conflicts=True)
    assert "422" in error.what
    assert "applied before it: configmap/a created" in error.why
    assert ("configmaps", "default", "b") not in server.stored


def test_apply_of_a_kind_the_server_lacks_is_refused_by_name(call: Any) -> None:
    with pytest.raises(UsageFault, match=r"Gadget \(example.com/v9\)"):
        call("apply", manifests=[named("Gadget", "g", "example.com/v9")])


@pytest.mark.parametrize(
    "manifest", [{}, {"apiVersion": "v1", "kind": "ConfigMap"}, {"apiVersion": 1, "kind": "Pod"}]
)
def test_manifests_without_identity_are_refused(call: Any, manifest: dict[str, Any]) -> None:
    with pytest.raises(UsageFault, match="has no"):
        call("apply", manifests=[manifest])


def test_scale_changes_replicas_and_is_safe_to_repeat(server: KubernetesServer, call: Any) -> None:
    output = call("scale", resource="deployment/shop", replicas=5)
    assert (output.data["before"], output.data["changed"]) == (2, True)
    assert server.object("deployments", "shop")["spec"]["replicas"] == 5
    assert call("scale", resource="deployment/shop", replicas=5).data["changed"] is False
    assert len(server.requests("PATCH")) == 1


def test_scale_refuses_when_the_number_is_not_the_expected(
    server: KubernetesServer, call: Any
) -> None:
    with pytest.raises(PlanRefused, match="has 2 replicas, not 3"):
        call("scale", resource="deployment/shop", replicas=5, current_replicas=3)
    assert server.requests("PATCH") == []


def test_a_lost_race_is_a_refused_plan(server: KubernetesServer, call: Any) -> None:
    conflict = failure(409, "Conflict", "the object has been modified")
    server.plan("PATCH", "/scale", conflict)
    with pytest.raises(PlanRefused, match="changed by somebody else meanwhile"):
        call("scale", resource="deployment/shop", replicas=5)


def test_scale_names_the_version_it_saw(server: KubernetesServer, call: Any) -> None:
    seen = server.object("deployments", "shop")["metadata"]["resourceVersion"]
    call("scale", resource="deployment/shop", replicas=5)
    assert server.requests("PATCH")[0].json()["metadata"] == {"resourceVersion": seen}


def test_kinds_without_scale_say_so(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a"))
    with pytest.raises(UsageFault, match="configmap/a cannot be scaled"):
        call("scale", resource="cm/a", replicas=1)


def test_undo_brings_back_the_template_before(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    output = call("rollout_undo", resource="deployment/shop")
    assert (output.data["to_revision"], output.data["images"]) == (1, ["shop:1"])
    template = server.object("deployments", "shop")["spec"]["template"]
    assert template == pod_template("shop:1")


def test_undo_to_the_current_revision_changes_nothing(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    assert call("rollout_undo", resource="deploy/shop", to_revision=2).data["changed"] is False
    assert server.requests("PATCH") == []


def test_undo_to_an_unknown_revision_lists_the_known(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    with pytest.raises(PlanRefused, match="no revision 7") as caught:
        call("rollout_undo", resource="deployment/shop", to_revision=7)
    assert caught.value.why == "its revisions are: 2, 1"


def test_undo_without_a_past_is_refused(call: Any) -> None:
    with pytest.raises(PlanRefused, match="no revision before the current one"):
        call("rollout_undo", resource="deployment/shop")


def test_undo_refuses_when_the_workload_changed_meanwhile(
    server: KubernetesServer, call: Any
) -> None:
    old_and_new(server)
    seen = copy.deepcopy(server.object("deployments", "shop"))
    server.plan("GET", "/deployments/shop", Reply(body=seen))
    server.object("deployments", "shop")["metadata"]["generation"] = 2
    with pytest.raises(PlanRefused, match="changed by somebody else"):
        call("rollout_undo", resource="deployment/shop")


def test_undo_of_a_paused_deployment_is_refused(server: KubernetesServer, call: Any) -> None:
    server.object("deployments", "shop")["spec"]["paused"] = True
    with pytest.raises(PlanRefused, match="is paused") as caught:
        call("rollout_undo", resource="deployment/shop")
    assert "kubectl rollout resume deployment/shop" in caught.value.fix


def test_undo_of_a_stateful_set_uses_its_controller_revisions(
    server: KubernetesServer, call: Any
) -> None:
    selector = {"matchLabels": {"app": "db"}}
    spec = {"replicas": 1, "selector": selector, "template": pod_template("db:2")}
    server.add(named("StatefulSet", "db", "apps/v1", metadata={"uid": "u-db"}, spec=spec))
    for number in (1, 2):
        owner = {"uid": "u-db", "controller": True}
        about = {"labels": {"app": "db"}, "ownerReferences": [owner]}
        template = {**pod_template(f"db:{number}"), "$patch": "replace"}
        server.add(
            named(
                "ControllerRevision",
                f"db-{number}",
                "apps/v1",
                metadata=about,
                revision=number,
                data={"spec": {"template": template}},
            )
        )
    call("rollout_undo", resource="statefulset/db")
    assert server.object("statefulsets", "db")["spec"]["template"] == pod_template("db:1")


def test_undo_warns_when_gitops_will_undo_it(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    annotations = server.object("deployments", "shop")["metadata"]["annotations"]
    annotations["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment:default/shop"
    output = call("rollout_undo", resource="deployment/shop")
    assert "kept by Argo CD application shop" in output.warnings[0]


def test_restart_stamps_the_template(server: KubernetesServer, call: Any) -> None:
    output = call("rollout_restart", resource="deployment/shop")
    assert output.data["restarted_at"] == "2026-11-20T10:30:00Z"
    status = call("rollout_status", resource="deployment/shop").data
    assert (status["restarted_at"], status["complete"]) == ("2026-11-20T10:30:00Z", False)


def argo_rollout(**status: Any) -> dict[str, Any]:
    spec = {"replicas": 2, "template": pod_template("shop:2")}
    return named("Rollout", "shop", "argoproj.io/v1alpha1", spec=spec, status=status)


def test_restart_of_an_argo_rollout_uses_its_own_field(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout())
    call("rollout_restart", resource="rollout/shop")
    assert server.object("rollouts", "shop")["spec"]["restartAt"] == "2026-11-20T10:30:00Z"


def test_restart_of_what_has_no_pods_is_refused(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a"))
    with pytest.raises(UsageFault, match="cannot be restarted"):
        call("rollout_restart", resource="cm/a")


def test_abort_goes_back_to_the_stable_version(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout(stableRS="old", currentPodHash="new", phase="Paused"))
    output = call("rollout_abort", name="shop")
    assert output.data == {"resource": "rollout/shop", "changed": True, "stable": "old"}
    assert server.requests("PATCH")[0].path.endswith("/rollouts/shop/status")
    assert call("rollout_status", resource="rollout/shop").data["aborted"] is True
    assert call("rollout_abort", name="shop").data["changed"] is False


def test_abort_without_an_update_is_refused(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout(stableRS="new", currentPodHash="new", phase="Healthy"))
    with pytest.raises(PlanRefused, match="no update to abort"):
        call("rollout_abort", name="shop")


def test_patch_of_each_type(server: KubernetesServer, call: Any) -> None:
    def images() -> list[str]:
        pod_spec = server.object("deployments", "shop")["spec"]["template"]["spec"]
        return [one["image"] for one in pod_spec["containers"]]

    container = {"name": "shop", "image": "shop:3"}
    strategic = {"spec": {"template": {"spec": {"containers": [container]}}}}
    assert call("patch", resource="deploy/shop", patch=strategic).data["generation"] == 2
    assert images() == ["shop:3"]
    path = "/spec/template/spec/containers/0/image"
    steps = [{"op": "replace", "path": path, "value": "shop:4"}]
    call("patch", resource="deploy/shop", patch=steps, patch_type="json")
    assert images() == ["shop:4"]
    merge = {"spec": {"replicas": 7, "paused": None}}
    output = call("patch", resource="deploy/shop", patch=merge, patch_type="merge")
    assert output.summary == "deployment/shop: patched"
    again = call("patch", resource="deploy/shop", patch=merge, patch_type="merge")
    assert again.data["changed"] is False


def test_strategic_patches_of_custom_resources_are_refused_by_the_server(
    server: KubernetesServer, call: Any
) -> None:
    server.add(named("Widget", "w", "example.com/v1"))
    assert "415" in refused(call, "patch", resource="widget/w", patch={"spec": {"x": 1}}).what
    call("patch", resource="widget/w", patch={"spec": {"x": 1}}, patch_type="merge")
    assert server.object("widgets", "w")["spec"] == {"x": 1}


def test_a_patch_of_the_wrong_form_is_not_sent(server: KubernetesServer, call: Any) -> None:
    with pytest.raises(UsageFault, match="a json patch cannot be an object"):
        call("patch", resource="deploy/shop", patch={"a": 1}, patch_type="json")
    assert server.asked == []


def test_delete_removes_the_object_that_was_seen(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a", metadata={"finalizers": ["x/y"]}))
    uid = server.object("configmaps", "a")["metadata"]["uid"]
    output = call("delete", resource="cm/a", cascade="foreground", grace_period_s=5)
    assert output.data == {"resource": "configmap/a", "existed": True, "finalizers": ["x/y"]}
    sent = server.requests("DELETE")[0].json()
    assert (sent["preconditions"], sent["propagationPolicy"]) == ({"uid": uid}, "Foreground")
    assert call("get", resource="cm/a", ignore_not_found=True).data is None
    assert call("delete", resource="cm", name="a").data["existed"] is False


def test_delete_of_a_namesake_that_came_later_is_refused(
    server: KubernetesServer, call: Any
) -> None:
    old = server.add(named("ConfigMap", "a", metadata={"uid": "old"}))
    server.plan("GET", "/configmaps/a", Reply(body=dict(old, metadata=dict(old["metadata"]))))
    old["metadata"]["uid"] = "new"
    with pytest.raises(PlanRefused, match="changed by somebody else"):
        call("delete", resource="cm/a")


def test_a_change_is_never_repeated(server: KubernetesServer, call: Any) -> None:
    server.plan("PATCH", "/shop", failure(503, "ServiceUnavailable", "try again"))
    assert "503" in refused(call, "rollout_restart", resource="deployment/shop").what
    assert len(server.requests("PATCH")) == 1


def test_a_change_that_is_forbidden_names_verb_and_object(
    server: KubernetesServer, call: Any
) -> None:
    server.forbidden.add(("patch", "deployments/scale", "*"))
    error = refused(call, "scale", resource="deployment/shop", replicas=3)
    assert 'User "tester" cannot patch resource "deployments/scale"' in error.why


COMMANDS: list[tuple[str, dict[str, Any], str]] = [
    (
        "apply",
        {"manifests": [named("ConfigMap", "a"), named("Service", "b")], "namespace": "t"},
        "kubectl apply --server-side --field-manager=aofctl -n t -f - # configmap/a, service/b",
    ),
    (
        "apply",
        {"manifests": "<manifests>", "force_conflicts": True},
        "kubectl apply --server-side --field-manager=aofctl --force-conflicts -f - # <manifests>",
    ),
    (
        "scale",
        {"resource": "deployment", "name": "shop", "replicas": 3, "current_replicas": 0},
        "kubectl scale deployment/shop --replicas=3 --current-replicas=0",
    ),
    ("rollout_undo", {"resource": "deployment/shop"}, "kubectl rollout undo deployment/shop"),
    (
        "rollout_undo",
        {"resource": "rollout", "name": "shop", "to_revision": 2},
        "kubectl argo rollouts undo shop --to-revision=2",
    ),
    (
        "rollout_undo",
        {"resource": "deployment", "name": "<name>"},
        "kubectl rollout undo deployment/<name>",
    ),
    (
        "rollout_restart",
        {"resource": "deploy/shop", "namespace": "t"},
        "kubectl rollout restart deploy/shop -n t",
    ),
    ("rollout_restart", {"resource": "rollout/shop"}, "kubectl argo rollouts restart shop"),
    ("rollout_abort", {"name": "shop"}, "kubectl argo rollouts abort shop"),
    (
        "patch",
        {"resource": "cm/a", "patch": {"data": {"x": "it's"}}, "patch_type": "merge"},
        """kubectl patch cm/a --type=merge -p '{"data":{"x":"it'"'"'s"}}'""",
    ),
    (
        "delete",
        {"resource": "cm", "name": "a", "cascade": "orphan", "grace_period_s": 0},
        "kubectl delete cm/a --cascade=orphan --grace-period=0",
    ),
]


@pytest.mark.parametrize(("operation", "arguments", "command"), COMMANDS)
def test_commands_read_as_a_person_would_type_them(
    operation: str, arguments: dict[str, Any], command: str
) -> None:
    assert Kubectl.operations()[operation].command(arguments) == command


def test_a_name_with_a_line_break_cannot_leave_its_line() -> None:
    sly = [named("ConfigMap", "a\nkubectl delete ns --all")]
    assert "\n" not in Kubectl.operations()["apply"].command({"manifests": sly})


SECRET = named("Secret", "login", data={"pin": "NDcxMQ=="})
STEP = {"op": "add", "path": "/data/pin", "value": "NDcxMQ=="}
COPY = {"op": "copy", "from": "/data/pin", "path": "/metadata/annotations/pin"}


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("apply", {"manifests": [SECRET]}),
        ("apply", {"manifests": [{**SECRET, "data": {}, "stringData": {"pin": "4711"}}]}),
        ("patch", {"resource": "secret/login", "patch": {"data": {"pin": "NDcxMQ=="}}}),
        ("patch", {"resource": "Secret.v1", "name": "login", "patch": {"stringData": {"a": "b"}}}),
        ("patch", {"resource": "secrets/login", "patch": [STEP], "patch_type": "json"}),
        ("patch", {"resource": "secrets/login", "patch": [COPY], "patch_type": "json"}),
    ],
)
def test_values_of_a_secret_never_get_into_a_plan(
    operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(UsageFault, match="secret/login: values of a Secret") as caught:
        Kubectl.check_arguments(operation, arguments)
    assert "NDcxMQ" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("apply", {"manifests": [named("Secret", "login")]}),
        ("apply", {"manifests": [named("ConfigMap", "a", data={"pin": "x"})]}),
        ("patch", {"resource": "secret/login", "patch": {"metadata": {"labels": {"a": "b"}}}}),
        ("patch", {"resource": "secret/login", "patch": {"data": {"pin": None}}}),
        (
            "patch",
            {
                "resource": "secret/login",
                "patch": [{"op": "remove", "path": "/data/pin"}],
                "patch_type": "json",
            },
        ),
    ],
)
def test_what_holds_no_secret_value_may_be_planned(
    operation: str, arguments: dict[str, Any]
) -> None:
    assert Kubectl.check_arguments(operation, arguments)
