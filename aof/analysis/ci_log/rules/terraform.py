"""Infrastructure as code: Terraform and OpenTofu, Terragrunt, Pulumi, CDK, cloud command lines."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_ON = r"^[│|╷]?\s*on (?P<file>\S+?) line (?P<line>\d+)"

RULES = (
    Rule(
        "terraform-provider",
        Category.DEPENDENCY,
        86,
        (
            "Failed to query available provider",
            "Failed to install provider",
            "Inconsistent dependency lock file",
            "Could not load plugin",
            "Required plugins are not installed",
            "Module not installed",
            "Unsupported Terraform Core version",
            "Provider produced inconsistent",
            "Failed to download module",
            "Invalid provider registry",
            "Missing required provider",
        ),
        r"Error: (?P<message>(?:Failed to query available provider|Failed to install provider"
        r"|Inconsistent dependency lock file|Could not load plugin"
        r"|Required plugins are not installed|Module not installed"
        r"|Unsupported Terraform Core version|Failed to download module"
        r"|Invalid provider registry|Missing required provider).*)",
        where=_ON,
        reach=10,
    ),
    Rule(
        "terraform-credentials",
        Category.CONFIG,
        86,
        ("Error: ",),
        r"^[│|]\s*Error: (?P<message>.*(?:[Cc]redential|AccessDenied|[Uu]nauthorized"
        r"|[Ff]orbidden|InvalidClientTokenId|ExpiredToken|configuring Terraform).*)",
        where=_ON,
        reach=10,
    ),
    Rule(
        "terraform-lock",
        Category.DEPLOY,
        86,
        (
            "Error acquiring the state lock",
            "Error: Failed to get existing workspaces",
            "Error: Failed to load state",
        ),
        r"Error acquiring the state lock|Error: Failed to (?:get existing workspaces|load state)",
    ),
    Rule(
        "terraform-config",
        Category.CONFIG,
        84,
        ("Error: ",),
        r"^[│|]?\s*Error: (?P<message>(?:Unsupported|Invalid|Missing|Reference to"
        r"|Argument or block|Duplicate|Unknown|No value for|Incorrect|Undeclared|Cycle"
        r"|Inconsistent|Backend|Insufficient|Too many|Variables not|Unclosed|Attribute redefined"
        r"|Failed to read|Error in function|Call to).*)",
        needs=r"^[│|╷]?\s*on \S+ line \d+|^[│|]",
        where=_ON,
        reach=8,
    ),
    Rule(
        "terraform-plain",
        Category.DEPLOY,
        84,
        ("Error: ",),
        r"^Error: (?P<message>\S.*)",
        needs=r"^ +on \S+\.tf line \d+|^ +with [a-z]\w*\.",
        where=_ON,
        reach=6,
        fix="terraform-apply",
    ),
    Rule(
        "terraform-apply",
        Category.DEPLOY,
        84,
        ("Error: ",),
        r"^[│|]\s*Error: (?P<message>\S.*)|^Error: (?P<plain>(?:[Ee]rror )?(?:creating|updating"
        r"|deleting|reading|waiting for|modifying|putting) .*)",
        where=_ON,
        reach=10,
    ),
    Rule(
        "cloud-formation",
        Category.DEPLOY,
        84,
        (
            "ROLLBACK_COMPLETE",
            "ROLLBACK_IN_PROGRESS",
            "CREATE_FAILED",
            "UPDATE_FAILED",
            "failed: Error: The stack",
            "❌",
        ),
        r"(?:ROLLBACK_(?:COMPLETE|IN_PROGRESS)|(?:CREATE|UPDATE|DELETE)_FAILED)"
        r"|❌ +\S+ failed: (?P<message>.*)",
        pick="first",
    ),
    Rule(
        "aws-call",
        Category.CONFIG,
        83,
        ("An error occurred (",),
        r"An error occurred \((?P<code>\w+)\)(?: \(.{0,60}\))? when calling the (?P<message>.*)",
        unless=r"^Failed to parse and upload",
    ),
    Rule(
        "gcloud",
        Category.DEPLOY,
        83,
        ("ERROR: (gcloud",),
        r"^ERROR: \(gcloud[\w.-]*\) (?P<message>.*)",
    ),
    Rule(
        "pulumi",
        Category.DEPLOY,
        80,
        ("pulumi:pulumi:Stack", "error: update failed", "error: preview failed"),
        r"pulumi:pulumi:Stack.{0,300}error|error: (?:update|preview) failed",
    ),
)
