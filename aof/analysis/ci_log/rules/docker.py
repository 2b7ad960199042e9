"""Docker, BuildKit and Compose: build context, base images, registries, the daemon."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "docker-daemon",
        Category.ENVIRONMENT,
        88,
        (
            "Cannot connect to the Docker daemon",
            "failed to connect to the docker API",
            "docker daemon is not running",
            "error during connect",
            "permission denied while trying to connect to the",
            "Cannot connect to Podman",
        ),
        r"Cannot connect to the Docker daemon|failed to connect to the docker API"
        r"|docker daemon is not running"
        r"|error during connect: |permission denied while trying to connect to the [Dd]ocker"
        r"|Cannot connect to Podman",
    ),
    Rule(
        "docker-copy",
        Category.CONFIG,
        85,
        (
            "COPY failed",
            "ADD failed",
            "failed to compute cache key",
            "unable to prepare context",
            "failed to read dockerfile",
            "Cannot locate specified Dockerfile",
            "failed to calculate checksum",
            "dockerfile parse error",
            "Dockerfile parse error",
            "unknown instruction",
            "file with no instructions",
        ),
        r"(?:COPY|ADD) failed: (?P<message>.*)|failed to (?:compute cache key"
        r"|calculate checksum)(?P<key>.*)|unable to prepare context"
        r"|failed to read dockerfile|Cannot locate specified Dockerfile"
        r"|[Dd]ockerfile parse error|unknown instruction: |file with no instructions",
        where=r"^(?P<file>\S{0,200}[Dd]ockerfile[^\s:]{0,60}):(?P<line>\d+)$",
        where_before=True,
        reach=14,
        fix="docker-copy",
    ),
    Rule(
        "docker-image",
        Category.CONFIG,
        84,
        (
            "manifest unknown",
            "manifest for ",
            "no matching manifest",
            "pull access denied",
            "repository does not exist",
            "failed to resolve source metadata",
            "failed to resolve reference",
            "invalid reference format",
            "not found: manifest",
        ),
        r"manifest unknown|manifest for \S+ not found|no matching manifest for"
        r"|pull access denied for|failed to resolve source metadata for"
        r"|failed to resolve reference|invalid reference format",
    ),
    Rule(
        "registry-auth",
        Category.CONFIG,
        85,
        (
            "requested access to the resource is denied",
            "unauthorized: ",
            "authentication required",
            "denied: ",
            "no basic auth credentials",
            "incorrect username or password",
            "failed to authorize",
            "insufficient_scope",
            "Cannot perform an interactive login",
        ),
        r"requested access to the resource is denied|unauthorized: .*|denied: (?:permission"
        r"|installation|requested|Your|User).*"
        r"|no basic auth credentials|incorrect username or password|failed to authorize: .*"
        r"|insufficient_scope|Cannot perform an interactive login",
    ),
    Rule(
        "docker-daemon-error",
        Category.ENVIRONMENT,
        80,
        ("Error response from daemon",),
        r"Error response from daemon: (?P<message>.*)",
        unless=r"No such container|is not running",
        refine=True,
    ),
    Rule(
        "container-start",
        Category.ENVIRONMENT,
        85,
        (
            "OCI runtime",
            "exec format error",
            "port is already allocated",
            "address already in use",
            "is unhealthy",
            "dependency failed to start",
            "starting container process caused",
            "EADDRINUSE",
            "Address already in use",
        ),
        r"OCI runtime (?:create|exec) failed|exec format error|port is already allocated"
        r"|(?:bind: )?[Aa]ddress already in use|EADDRINUSE"
        r"|dependency failed to start|container \S+ is unhealthy|starting container process caused",
    ),
    Rule(
        "compose-file",
        Category.CONFIG,
        82,
        (
            "depends on undefined",
            "no configuration file provided",
            "Compose file",
            "declared as external",
            "undefined volume",
            "undefined network",
            "invalid compose project",
            "Additional property",
        ),
        r"depends on undefined service|no configuration file provided: not found"
        r"|The Compose file .{0,300} is invalid|declared as external, but could not be found"
        r"|refers to undefined (?:volume|network)|invalid compose project"
        r"|Additional property \S+ is not allowed|service \"[^\"]+\" (?:refers|has neither)",
    ),
    Rule(
        "docker-solve",
        Category.CONFIG,
        66,
        ("failed to solve", "failed to build"),
        r"(?:ERROR|error)(?:: | )?(?:buildx failed with: )?(?:ERROR: )?failed to (?:solve"
        r"|build): (?P<message>.*)",
        unless=r"did not complete successfully",
        refine=True,
        fix="docker-build",
    ),
    Rule(
        "docker-run-wrapper",
        Category.UNKNOWN,
        40,
        ("did not complete successfully", "returned a non-zero code", "executor failed running"),
        r"process \"?.{0,800}did not complete successfully: exit code: \d+"
        r"|The command '.{0,300}' returned a non-zero code: \d+"
        r"|executor failed running \[.{0,300}\]: exit code: \d+",
        where=r"^(?P<file>\S{0,200}[Dd]ockerfile[^\s:]{0,60}):(?P<line>\d+)$",
        where_before=True,
        reach=40,
        pick="last",
        fix="docker-build",
    ),
)
