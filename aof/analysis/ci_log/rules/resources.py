"""Memory, disk and other limits, and the signals that end programs."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "out-of-memory",
        Category.OOM_RESOURCE,
        95,
        (
            "OutOfMemoryError",
            "heap out of memory",
            "ut of memory",
            "OOMKilled",
            "oom-kill",
            "Cannot allocate memory",
            "bad_alloc",
            "GC overhead limit",
            "virtual memory exhausted",
            "insufficient memory",
            "Killed signal terminated",
            "memory allocation of",
            "heap space",
            "low on resource",
            "OutOfMemoryException",
            "MemoryError",
            "Allowed memory size",
            "ENOMEM",
            "memory exhausted",
            "not enough memory",
            "NoMemoryError",
            "OOM killer",
            "exceeded memory limit",
        ),
        r"OutOfMemory(?:Error|Exception)|heap out of memory|(?:CUDA|[Oo]ut) (?:out )?of memory"
        r"|OOMKilled(?!: ?false)|oom-kill|OOM killer|Cannot allocate memory|std::bad_alloc"
        r"|GC overhead limit exceeded|(?:virtual )?memory exhausted"
        r"|insufficient memory for the Java"
        r"|fatal error: Killed signal|memory allocation of \d+ bytes failed|(?:Java"
        r"|out of) heap space"
        r"|The node was low on resource|^\s*(?:numpy\.\S+)?MemoryError"
        r"|Allowed memory size of \d+ bytes exhausted"
        r"|\bENOMEM\b|not enough memory|NoMemoryError|exceeded memory limit",
        unless=r"^\s*at |OOMKilled\W{1,4}false|HeapDumpOnOutOfMemory|ExitOnOutOfMemory"
        r"|CrashOnOutOfMemory",
    ),
    Rule(
        "disk-full",
        Category.OOM_RESOURCE,
        95,
        (
            "o space left on device",
            "ENOSPC",
            "isk quota exceeded",
            "not enough space on the disk",
            "not enough free space",
            "disk is full",
            "database or disk is full",
            "don't have enough free space",
        ),
        r"[Nn]o space left on device|\bENOSPC\b|[Dd]isk quota exceeded|not enough space on the disk"
        r"|not enough free (?:disk )?space|disk is full|have enough free space",
    ),
    Rule(
        "watch-limit",
        Category.OOM_RESOURCE,
        90,
        (
            "Too many open files",
            "EMFILE",
            "System limit for number of file watchers",
            "Resource temporarily unavailable",
            "Cannot fork",
            "unable to create native thread",
        ),
        r"Too many open files|\bEMFILE\b|System limit for number of file watchers reached"
        r"|fork: (?:retry: )?Resource temporarily unavailable|Cannot fork"
        r"|unable to create (?:new )?native thread",
    ),
    Rule(
        "killed",
        Category.OOM_RESOURCE,
        86,
        (
            "Killed",
            "signal: killed",
            "SIGKILL",
            "daemon disappeared",
            "signal 9",
            "exit value 137",
            "exit code 137",
            "exit code: 137",
            "exit status 137",
            "code -9",
        ),
        r"^(?:\S{0,200}: line \d+: +\d+ )?Killed\b(?! by user)|^(?:\S+ )?signal: killed"
        r"|(?:signal|by) SIGKILL|SIGKILL"
        r"|[Gg]radle build daemon disappeared unexpectedly|(?:signal|with signal) 9\b|(?:exit"
        r"|exited with) "
        r"(?:value|code|status):? 137|exit code -9|died with <Signals\.SIGKILL",
        unless=r"##\[error\]Process completed",
    ),
    Rule(
        "killed-command",
        Category.OOM_RESOURCE,
        66,
        ("signal: killed",),
        r": signal: killed",
        fix="killed",
    ),
    Rule(
        "crash-signal",
        Category.UNIT_TEST,
        83,
        (
            "SIGSEGV",
            "SIGBUS",
            "SIGABRT",
            "SIGILL",
            "SIGFPE",
            "SIGTRAP",
            "egmentation fault",
            "Bus error",
            "core dumped",
            "Illegal instruction",
            "Access violation",
            "STATUS_ACCESS_VIOLATION",
            "0xC0000005",
            "exit code -11",
            "Aborted",
            "exit code 139",
            "exit code 134",
            "3221225477",
        ),
        r"SIG(?:SEGV|BUS|ABRT|ILL|FPE|TRAP)\b|[Ss]egmentation fault|Bus error|\(core dumped\)"
        r"|Illegal instruction|[Aa]ccess violation|STATUS_ACCESS_VIOLATION|0xC0000005"
        r"|exit code -11\b"
        r"|^(?:\S{0,200}: line \d+: +\d+ )?Aborted(?: {2,}|$| \()"
        r"|exit (?:code|status):? 13[49]\b|3221225477",
        unless=r"handler|SIGSEGV(?:\||,|/)|^\[signal SIG",
        fix="crash",
    ),
    Rule(
        "terminated",
        Category.TIMEOUT,
        58,
        (
            "SIGTERM",
            "Terminated",
            "exit code 143",
            "exit status 143",
            "exit code 124",
            "exit status 124",
        ),
        r"(?:signal|by) SIGTERM|^(?:\S{0,200}: line \d+: +\d+ )?Terminated\b|exit (?:code"
        r"|status):? (?:143|124)\b",
    ),
    Rule(
        "gpu-driver",
        Category.ENVIRONMENT,
        86,
        (
            "NVIDIA-SMI has failed",
            "Failed to initialize NVML",
            "No CUDA GPUs are available",
            "CUDA driver version is insufficient",
            "Found no NVIDIA driver",
        ),
        r"NVIDIA-SMI has failed|Failed to initialize NVML|No CUDA GPUs are available"
        r"|CUDA driver version is insufficient|Found no NVIDIA driver",
    ),
    Rule(
        "insufficient-resources",
        Category.OOM_RESOURCE,
        86,
        (
            "Insufficient cpu",
            "Insufficient memory",
            "exceeded quota",
            "Quota exceeded",
            "QUOTA_EXCEEDED",
            "QuotaExceeded",
            "quota exceeded",
            "InsufficientInstanceCapacity",
            "Insufficient ephemeral",
            "LimitExceeded",
            "was evicted",
            "Evicted",
        ),
        r"Insufficient (?:cpu|memory|ephemeral-storage|nvidia)|exceeded quota"
        r"|[Qq]uota '?[\w.-]{0,60}'? ?exceeded"
        r"|QUOTA_?EXCEEDED|QuotaExceeded|InsufficientInstanceCapacity|LimitExceeded(?:Exception)?\b"
        r"|pod (?:was )?[Ee]victed|The pod was evicted",
    ),
)
