"""Releases: from commits to the next version, changelog and edited version files. Pure.

Reading git is `aof.transport.git_reader`; carrying a release out is `aof.playbooks.release`.
"""

from aof.analysis.release.commit_parser import parse_commit
from aof.analysis.release.config import ReleaseConfig, read_config
from aof.analysis.release.plan import ReleasePlan, plan_release
from aof.analysis.release.releases import find_releases

__all__ = [
    "ReleaseConfig",
    "ReleasePlan",
    "find_releases",
    "parse_commit",
    "plan_release",
    "read_config",
]
