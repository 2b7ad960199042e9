"""Ansible and Molecule."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "ansible-unreachable",
        Category.NETWORK_INFRA,
        85,
        ("UNREACHABLE!",),
        r"^fatal: \[(?P<host>[^\]]+)\]: UNREACHABLE! => (?P<message>.*)",
    ),
    Rule(
        "ansible-task",
        Category.DEPLOY,
        83,
        ("FAILED! =>", "failed: ["),
        r"^(?:fatal|failed): \[(?P<host>[^\]]+)\](?:: FAILED!"
        r"| \(item=.{0,200}\)) => (?P<message>.*)",
        refine=True,
        unless_next=r"^\.\.\.ignoring",
    ),
    Rule(
        "ansible-error",
        Category.CONFIG,
        83,
        ("ERROR! ", "[ERROR]: "),
        r"^(?:ERROR! |\[ERROR\]: )(?P<message>.*)",
        unless=r"^\[ERROR\]: Task failed",
        where=r"The error appears to be in '(?P<file>[^']+)': line (?P<line>\d+), column"
        r" (?P<column>\d+)",
        reach=6,
    ),
)
