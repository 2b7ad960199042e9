"""CI runners and their services: time limits, lost machines, actions, credentials, limits."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "runner-time-limit",
        Category.TIMEOUT,
        92,
        (
            "has timed out after",
            "maximum execution time",
            "maximum time limit",
            "took longer than",
            "Timeout has been exceeded",
            "due to timeout",
            "Task timeout after",
            "exceeded the timeout of",
        ),
        r"The (?:action|job|step) .{0,200}has timed out after"
        r"|exceeded the maximum (?:execution )?time"
        r"|execution took longer than|Timeout has been exceeded"
        r"|Cancelling nested steps due to timeout"
        r"|Task timeout after \d+|has exceeded the timeout of",
    ),
    Rule(
        "runner-no-output",
        Category.TIMEOUT,
        92,
        (
            "No output has been received",
            "no output received",
            "without output, attempting to kill",
            "Too long with no output",
        ),
        r"No output has been received in the last|[Tt]oo long with no output"
        r"|no output received for|command timed out: \d+ seconds without output",
    ),
    Rule(
        "runner-lost",
        Category.NETWORK_INFRA,
        94,
        (
            "lost communication",
            "shutdown signal",
            "runner encountered an error",
            "Agent went offline",
            "ChannelClosed",
            "ClosedChannelException",
            "marked offline",
            "Removed from the pool",
            "deprovision",
            "spot instance",
            "Spot instance",
            "job was not acquired",
            "agent is no longer",
        ),
        r"runner.{0,200}lost communication|The runner has received a shutdown signal"
        r"|hosted runner encountered an error|Agent went offline during the build"
        r"|ChannelClosed|ClosedChannelException|was marked offline|request to deprovision"
        r"|[Ss]pot instance (?:interrupt|termin|reclaim)|job was not acquired by [Rr]unner"
        r"|agent is no longer (?:responding|running)",
    ),
    Rule(
        "gitlab-system-failure",
        Category.NETWORK_INFRA,
        94,
        (
            "Job failed (system failure)",
            "Preparation failed",
            "timed out waiting for pod",
            "prepare environment:",
        ),
        r"ERROR: (?:Job failed \(system failure\)|Preparation failed): ?(?P<message>.*)"
        r"|timed out waiting for pod to start|ERROR: Job failed: prepare environment: .*",
    ),
    Rule(
        "gitlab-image-pull",
        Category.ENVIRONMENT,
        90,
        ("failed to pull image", "image pull failed"),
        r"failed to pull image .*|image pull failed: .*",
    ),
    Rule(
        "runner-cancelled",
        Category.TIMEOUT,
        50,
        (
            "operation was cancel",
            "Build was aborted",
            "Aborted by",
            "job was cancel",
            "canceling since",
            "Canceling since",
        ),
        r"The operation was cancell?ed|^Build was aborted|^Aborted by |The job was cancell?ed"
        r"|[Cc]anceling since a (?:higher priority|deadlock)",
    ),
    Rule(
        "action-unresolved",
        Category.CONFIG,
        88,
        (
            "Unable to resolve action",
            "Can't find 'action.yml'",
            "deprecated version of",
            "Missing download info",
            "An action could not be found",
            "Unexpected value",
            "Invalid workflow file",
            "template is not valid",
            "Unrecognized named-value",
        ),
        r"Unable to resolve action|Can't find 'action\.ya?ml'|An action could not be found"
        r"|automatically failed because it uses a deprecated version|Missing download info for"
        r"|Invalid workflow file|The template is not valid|Unrecognized named-value"
        r"|^Unexpected value '",
    ),
    Rule(
        "action-download",
        Category.NETWORK_INFRA,
        86,
        ("Failed to download action", "Failed to download archive", "download archive"),
        r"Failed to download (?:action|archive) ",
        unless=r"[Bb]ack off|Retrying",
    ),
    Rule(
        "action-input",
        Category.CONFIG,
        86,
        (
            "Input required and not supplied",
            "Parameter token or opts.auth is required",
            "is required, but not provided",
        ),
        r"Input required and not supplied: ?(?P<message>.*)"
        r"|Parameter token or opts\.auth is required"
        r"|[Ss]ecret \S+ is required, but not provided",
    ),
    Rule(
        "credentials",
        Category.CONFIG,
        84,
        (
            "Resource not accessible by",
            "Bad credentials",
            "Not authorized.",
            "token specified",
            "INVALIDGHTOKEN",
            "INVALIDNPMTOKEN",
            "Credentials could not be loaded",
            "Could not assume role",
            "Not authorized to perform sts",
            "credentials entry with",
            "Unable to locate credentials",
            "could not find default credentials",
            "Requires authentication",
            "invalid_grant",
            "Could not load credentials",
            "The security token included in the request",
            "ExpiredToken",
            "Invalid username or password",
            "Must have admin rights",
        ),
        r"Resource not accessible by (?:integration|personal access token)|Bad credentials"
        r"|Credentials could not be loaded|Could not assume role|Not authorized to perform sts:"
        r"|Not authorized\. Please|No (?:GitHub|npm|GitLab) token specified|EINVALID(?:GH|NPM)TOKEN"
        r"|Could not find credentials entry with ID|Unable to locate credentials"
        r"|could not find default credentials|Requires authentication|invalid_grant"
        r"|Could not load credentials from any providers"
        r"|security token included in the request is (?:invalid|expired)"
        r"|ExpiredToken|Invalid username or password|Must have admin rights to Repository",
    ),
    Rule(
        "rate-limit",
        Category.NETWORK_INFRA,
        92,
        (
            "rate limit",
            "Rate limit",
            "Too Many Requests",
            "toomanyrequests",
            "TooManyRequests",
            "RateLimit",
        ),
        r"API rate limit exceeded|secondary rate limit|rate limit(?:ed)? (?:exceeded|reached"
        r"|has been)"
        r"|pull rate limit|429[: ]+Too Many Requests|Too Many Requests|toomanyrequests"
        r"|TooManyRequests"
        r"|RateLimit(?:Exceeded|Error)|[Rr]ate limit hit",
        unless=r"(?i)retry(?:ing)? (?:after|in)|remaining",
    ),
    Rule(
        "artifact-missing",
        Category.CONFIG,
        80,
        (
            "Artifact not found",
            "Unable to find any artifacts",
            "No files were found with the provided path",
            "Unable to download artifact",
            "no matching files",
            "No artifacts found",
        ),
        r"Artifact not found for name|Unable to find any artifacts"
        r"|No files were found with the provided path"
        r"|Unable to download artifact\(s\): Artifact|No artifacts found",
    ),
    Rule(
        "setup-version",
        Category.CONFIG,
        86,
        (
            "was not found for",
            "Unable to find Node version",
            "Unable to find Go version",
            "Could not find satisfied version",
            "Unable to find version",
            "not found in the cache",
            "not supported on this platform",
            "Unknown ruby version",
        ),
        r"The version '[^']{1,60}' with architecture '[^']{1,20}' was not found for"
        r"|Unable to find (?:Node|Go) version"
        r"|Version \S{1,40} (?:with arch \S{1,20} )?(?:was )?not found"
        r"|Could not find satisfied version for SemVer|Unable to find version \S+"
        r"|Unknown ruby version",
    ),
    Rule(
        "jenkins-script",
        Category.CONFIG,
        87,
        (
            "No such DSL method",
            "MissingPropertyException",
            "RejectedAccessException",
            "WorkflowScript: ",
            "MissingMethodException",
            "Scripts not permitted",
        ),
        r"No such DSL method|groovy\.lang\.Missing(?:Property|Method)Exception: (?P<message>.*)"
        r"|RejectedAccessException|^WorkflowScript: (?P<line>\d{1,6}): .*"
        r"|Scripts not permitted to use",
    ),
    Rule(
        "jenkins-checkout",
        Category.CONFIG,
        84,
        ("find any revision to build", "Error fetching remote repo", "Error cloning remote repo"),
        r"Couldn't find any revision to build|Error (?:fetching|cloning) remote repo",
    ),
    Rule(
        "taskcluster-error",
        Category.NETWORK_INFRA,
        80,
        ("[taskcluster:error]",),
        r"\[taskcluster:error\] (?P<message>.*)",
        unless=r"exit code|Task was aborted",
    ),
    Rule(
        "log-limit",
        Category.OOM_RESOURCE,
        80,
        ("log length has exceeded", "log exceeded limit"),
        r"log length has exceeded the limit|Job's log exceeded limit",
    ),
)
