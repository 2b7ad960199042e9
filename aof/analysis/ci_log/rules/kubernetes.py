"""kubectl, Helm, Kustomize, Argo CD and test drivers for clusters."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "cluster-unreachable",
        Category.NETWORK_INFRA,
        86,
        (
            "The connection to the server",
            "Kubernetes cluster unreachable",
            "Unable to connect to the server",
            "couldn't get current server API group list",
        ),
        r"The connection to the server \S+ was refused|Kubernetes cluster unreachable"
        r"|Unable to connect to the server",
    ),
    Rule(
        "kubernetes-context",
        Category.CONFIG,
        85,
        ("specified context", "no configuration has been provided", "error loading config file"),
        r"context was not found for specified context|no configuration has been provided"
        r"|error loading config file",
    ),
    Rule(
        "kubernetes-pod",
        Category.DEPLOY,
        83,
        (
            "ImagePullBackOff",
            "ErrImagePull",
            "CrashLoopBackOff",
            "CreateContainerConfigError",
            "Back-off restarting",
            "Back-off pulling",
            "InvalidImageName",
            "FailedScheduling",
            "FailedMount",
        ),
        r"ImagePullBackOff|ErrImagePull|CrashLoopBackOff|CreateContainerConfigError"
        r"|Back-off (?:restarting|pulling)|InvalidImageName"
        r"|FailedScheduling|FailedMount",
        fix="kubernetes-pod",
    ),
    Rule(
        "kubernetes-rollout",
        Category.DEPLOY,
        85,
        (
            "timed out waiting for the condition",
            "exceeded its progress deadline",
            "rollout status",
            "another operation (install",
        ),
        r"timed out waiting for the condition|exceeded its progress deadline"
        r"|another operation \(install/upgrade/rollback\) is in progress",
    ),
    Rule(
        "kubernetes-forbidden",
        Category.CONFIG,
        85,
        (
            "Error from server (Forbidden)",
            "is forbidden: ",
            "must be logged in to the server",
            "Error from server (Unauthorized)",
        ),
        r"Error from server \((?:Forbidden|Unauthorized)\).*|is forbidden: (?:User|exceeded"
        r"|violates|unable).*|must be logged in to the server",
    ),
    Rule(
        "kubernetes-missing",
        Category.CONFIG,
        85,
        ("configmap", "ConfigMap", 'secret "', 'Secret "', "persistentvolumeclaim"),
        r"(?:[Cc]on[Ff]ig[Mm]aps?|[Ss]ecrets?|persistentvolumeclaims?) \"[^\"]+\" not found",
    ),
    Rule(
        "kubernetes-manifest",
        Category.CONFIG,
        85,
        (
            "no matches for kind",
            "error validating",
            "error parsing",
            " is invalid: ",
            'unknown field "',
            "ensure CRDs are installed",
            "admission webhook",
            "accumulating resources",
            "error converting YAML",
            "unable to recognize",
            "unable to decode",
        ),
        r"no matches for kind|error validating (?:data|\")|error parsing \S+\.ya?ml"
        r"|The \w+ \"[^\"]+\" is invalid: |unknown field \"|ensure CRDs are installed first"
        r"|admission webhook \"[^\"]+\" denied|accumulating resources"
        r"|error converting YAML to JSON|unable to (?:recognize|decode) \"",
    ),
    Rule(
        "kubernetes-server",
        Category.DEPLOY,
        83,
        ("Error from server",),
        r"Error from server(?: \((?P<reason>\w+)\))?: (?P<message>.*)",
        unless=r"\(NotFound\).{0,300}\b(?:delete|deleting)\b|AlreadyExists",
    ),
    Rule(
        "helm-template",
        Category.CONFIG,
        85,
        (
            "Error: template:",
            "YAML parse error on",
            "execution error at",
            "parse error at (",
            "chart.metadata",
            "Chart.yaml file is missing",
            "values don't meet the specifications",
            "[ERROR] templates/",
        ),
        r"Error: template: (?P<file>[^\s:]+):(?P<line>\d+)|YAML parse error on (?P<file2>\S+?):"
        r"|execution error at \(|parse error at \(|Chart\.yaml file is missing"
        r"|values don't meet the specifications|\[ERROR\] templates/",
    ),
    Rule(
        "helm-release",
        Category.DEPLOY,
        84,
        (
            "INSTALLATION FAILED",
            "UPGRADE FAILED",
            "ROLLBACK FAILED",
            "release: not found",
            "has no deployed releases",
        ),
        r"(?:INSTALLATION|UPGRADE|ROLLBACK) FAILED: (?P<message>.*)|Error: release: not found"
        r"|has no deployed releases",
    ),
    Rule(
        "helm-chart",
        Category.DEPENDENCY,
        84,
        (
            "found in Chart.yaml, but missing in charts",
            'looks like "http',
            "no cached repo found",
            'failed to download "',
            'chart "',
            "no repository definition",
        ),
        r"found in Chart\.yaml, but missing in charts|Error: looks like \"http"
        r"|no cached repo found|Error: failed to download \""
        r"|Error: .{0,30}chart \"[^\"]+\".{0,100} not found|no repository definition for",
    ),
    Rule(
        "chainsaw",
        Category.INTEGRATION_TEST,
        78,
        ("=== ERROR",),
        r"^\s*=== ERROR$",
        key=r"^\s*\* (?P<message>\S.*)|^\s*(?P<plain>[a-z][^:|]{3,80}: .*)",
        key_optional=True,
        reach=8,
        fix="test-failure",
    ),
    Rule(
        "kind-cluster",
        Category.ENVIRONMENT,
        84,
        ("failed to create cluster", "Exiting due to", "Failed to start minikube"),
        r"ERROR: failed to create cluster|❌ +Exiting due to (?P<message>.*)"
        r"|Failed to start minikube",
    ),
    Rule(
        "kubectl-error",
        Category.DEPLOY,
        60,
        ("error: ",),
        r"^error: (?P<message>(?:deployment|timed out|the server|no objects|unable to|the path"
        r"|context|You must|flag|unknown).*)",
        refine=True,
    ),
)
