"""Schema migrations: Django, Alembic, Flyway, Liquibase."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "django-migrations",
        Category.CONFIG,
        62,
        ("Migrations for '", "not yet reflected in a migration", "Conflicting migrations"),
        r"^Migrations for '(?P<app>[^']{1,80})':$|changes that are not yet reflected in a migration"
        r"|Conflicting migrations detected",
        pick="first",
    ),
    Rule(
        "django-check",
        Category.CONFIG,
        81,
        ("SystemCheckError: ",),
        r"SystemCheckError: System check identified",
        key=r"^(?:\?|[\w.<>]{1,200}): (?P<message>\(\w+\.E\d+\) .*)",
        key_optional=True,
        reach=10,
    ),
    Rule(
        "alembic",
        Category.CONFIG,
        81,
        ("FAILED: ",),
        r"^(?:ERROR \[.{1,80}\] )?FAILED: (?P<message>(?:Multiple head|Can't locate revision"
        r"|Target database is not up to date|Requested revision|No such revision"
        r"|New upgrade operations).*)",
    ),
    Rule(
        "flyway",
        Category.CONFIG,
        81,
        ("Validate failed", "Migration of schema", "Found non-empty schema", "running Liquibase"),
        r"^ERROR: (?:Validate failed|Migration of schema .* failed|Found non-empty schema)"
        r"|Unexpected error running Liquibase: (?P<message>.*)",
        fix="migrations",
    ),
)
