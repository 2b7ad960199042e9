"""Names, connections, certificates and package mirrors of the operating system."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "dns",
        Category.NETWORK_INFRA,
        86,
        (
            "Could not resolve host",
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "EAI_AGAIN",
            "getaddrinfo",
            "Name or service not known",
            "UnknownHostException",
            "no such host",
            "could not translate host name",
            "ould not resolve proxy",
        ),
        r"[Cc]ould not resolve (?:host|proxy)|Temporary failure (?:in name resolution|resolving)"
        r"|getaddrinfo (?:EAI_AGAIN|ENOTFOUND)|Name or service not known"
        r"|UnknownHostException|dial tcp: lookup .{0,300} no such host"
        r"|could not translate host name",
        unless=r"^\s*(?:at |W: )",
    ),
    Rule(
        "certificate",
        Category.NETWORK_INFRA,
        84,
        (
            "x509: ",
            "SSL certificate problem",
            "CERTIFICATE_VERIFY_FAILED",
            "self-signed certificate",
            "PKIX path building failed",
            "TLS handshake timeout",
            "certificate has expired",
            "SSL_ERROR",
            "unable to get local issuer",
        ),
        r"x509: |SSL certificate problem|CERTIFICATE_VERIFY_FAILED|self[- ]signed certificate"
        r"|PKIX path building failed|TLS handshake timeout"
        r"|certificate has expired|SSL_ERROR_\w+|unable to get local issuer certificate",
    ),
    Rule(
        "connection",
        Category.NETWORK_INFRA,
        75,
        (
            "ECONNRESET",
            "ETIMEDOUT",
            "Connection reset by peer",
            "onnection timed out",
            "Network is unreachable",
            "i/o timeout",
            "Read timed out",
            "connect timed out",
            "502 Bad Gateway",
            "503 Service",
            "504 Gateway",
            "500 Internal Server Error",
            "No route to host",
            "Connection aborted",
            "RemoteDisconnected",
            "unexpected EOF",
            "status code 50",
            "HTTP 50",
            "socket hang up",
        ),
        r"ECONNRESET|ETIMEDOUT|Connection reset by peer|[Cc]onnection timed out"
        r"|Network is unreachable|i/o timeout|[Rr]ead timed out|connect timed out"
        r"|502 Bad Gateway|503 Service (?:Temporarily )?Unavailable|504 Gateway Time-?out"
        r"|500 Internal Server Error|No route to host|RemoteDisconnected"
        r"|(?:status code|HTTP(?:/\d[\d.]{0,4})?|error:?) 50[0234]\b|socket hang up",
        unless=r"(?i)retry",
    ),
    Rule(
        "refused",
        Category.INTEGRATION_TEST,
        71,
        (
            "ECONNREFUSED",
            "onnection refused",
            "could not connect to server",
            "Can't connect to MySQL",
            "Can't connect to local MySQL",
        ),
        r"ECONNREFUSED|[Cc]onnection refused|could not connect to server"
        r"|Can't connect to (?:local )?MySQL server",
        unless=r"^\s*(?:code|errno|syscall|message): |(?i:retry)|waiting|not (?:yet )?ready",
        fix="service-not-ready",
    ),
    Rule(
        "database",
        Category.INTEGRATION_TEST,
        71,
        (
            "does not exist",
            "password authentication failed",
            "Access denied for user",
            "no pg_hba.conf",
        ),
        r"(?:FATAL|ERROR): +(?:role|database|relation) \"[^\"]+\" does not exist"
        r"|password authentication failed for user|Access denied for user '"
        r"|no pg_hba\.conf entry",
        fix="service-not-ready",
    ),
    Rule(
        "curl",
        Category.NETWORK_INFRA,
        84,
        ("curl: (",),
        r"^(?:\s*\d+ .*)?curl: \((?P<code>\d+)\) (?P<message>.*)",
        unless=r"^\+",
    ),
    Rule(
        "wget",
        Category.NETWORK_INFRA,
        78,
        ("ERROR 40", "ERROR 50", "wget: "),
        r"ERROR [45]\d\d: .*|^wget: (?P<message>.*)",
    ),
    Rule(
        "apt-package",
        Category.DEPENDENCY,
        85,
        (
            "Unable to locate package",
            "has no installation candidate",
            "have unmet dependencies",
            "Unable to correct problems",
            "Unable to find a match",
            "No available formula",
            "The package was not found with",
            "unable to select packages",
            "No match for argument",
            "target not found:",
            "Version '",
        ),
        r"E: Unable to locate package|No available formula|The package was not found with"
        r"|has no installation candidate"
        r"|packages have unmet dependencies|Unable to correct problems, you have held"
        r"|Unable to find a match: |unable to select packages:|^error: target not found: "
        r"|E: Version '[^']+' for '[^']+' was not found",
    ),
    Rule(
        "apt-mirror",
        Category.NETWORK_INFRA,
        86,
        (
            "Unable to fetch some archives",
            "Failed to fetch http",
            "Hash Sum mismatch",
            "does not have a Release file",
            "Cannot find a valid baseurl",
            "Failed to download metadata",
            "Some index files failed",
            "NO_PUBKEY",
            "Clearsigned file isn't valid",
            "is no longer signed",
            "Cannot download repomd.xml",
            "All mirrors were tried",
            "Mirror sync in progress",
        ),
        r"Unable to fetch some archives|E: Failed to fetch http|Hash Sum mismatch"
        r"|does not have a Release file|Cannot find a valid baseurl"
        r"|Failed to download metadata for repo|NO_PUBKEY|Clearsigned file isn't valid"
        r"|Cannot download repomd\.xml|All mirrors were tried",
    ),
    Rule(
        "apt-lock",
        Category.ENVIRONMENT,
        86,
        ("Could not get lock", "are you root?", "Unable to acquire the dpkg"),
        r"E: Could not get lock|are you root\?|Unable to acquire the dpkg",
    ),
    Rule(
        "apt-other",
        Category.ENVIRONMENT,
        76,
        ("E: ", "dpkg: error"),
        r"^E: (?P<message>\S.*)|^dpkg: error .*",
        trigger=("E: ", "dpkg"),
        refine=True,
    ),
    Rule(
        "ssh",
        Category.NETWORK_INFRA,
        84,
        ("ssh: connect to host", "rsync error:", "kex_exchange_identification", "lost connection"),
        r"ssh: connect to host .*|rsync error: .*|kex_exchange_identification: .*",
    ),
)
