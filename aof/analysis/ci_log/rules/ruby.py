"""Ruby: RSpec, Minitest, test-unit, Cucumber, Bundler, RuboCop, Rake."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "rspec-failure",
        Category.UNIT_TEST,
        76,
        ("Failure/Error:",),
        r"^\s*(?:Failure/Error: )(?P<code>.*)",
        key=r"^\s+(?P<message>(?:[Ee]xpected|got:|[A-Z]\w*(?:::\w+)*(?:Error|Exception|NotFound"
        r"|Timeout|Invalid)?:$|[A-Z]\w*(?:::\w+)*:$"
        r"|.{0,300}(?:expected|received|undefined|wrong number)).*)",
        key_optional=True,
        where=r"^\s+# (?P<file>\./\S+?):(?P<line>\d+)",
        stop=r"^\s+\d+\) ",
        reach=25,
        fix="rspec",
    ),
    Rule(
        "rspec-example",
        Category.UNIT_TEST,
        66,
        ("rspec ./",),
        r"^rspec (?P<file>\./[^\s:\[]+)(?::(?P<line>\d+)|\[[\d:]+\]) # (?P<message>.*)",
        pick="first",
        fix="rspec",
    ),
    Rule(
        "rspec-load",
        Category.UNIT_TEST,
        77,
        ("An error occurred while loading", "error occurred outside of examples"),
        r"An error occurred while loading (?P<file>\S+?)\.?$",
        key=r"^(?P<message>[A-Z]\w*(?:::\w+)*(?:Error|Exception)?:.*|\s+\S.*(?:cannot load"
        r"|uninitialized|undefined).*)",
        key_optional=True,
        reach=8,
        refine=True,
    ),
    Rule(
        "minitest",
        Category.UNIT_TEST,
        75,
        ("Failure:", "Error:"),
        r"^(?:\s+\d+\) )?(?:Failure|Error):$",
        key=r"^\s{0,40}(?P<message>(?!\S{1,200}#\S)\S.*)$",
        where=r"\[(?P<file>[^\s:\[\]]+):(?P<line>\d+)\]|^\s+(?P<other>\S+\.rb):\d+:in",
        reach=4,
        refine=True,
        fix="test-failure",
    ),
    Rule(
        "test-unit",
        Category.UNIT_TEST,
        75,
        ("Failure: test", "Error: test"),
        r"^(?:Failure|Error): (?P<test>test\w*\(.*\))(?:: (?P<message>.*))?",
        fix="test-failure",
    ),
    Rule(
        "cucumber",
        Category.INTEGRATION_TEST,
        70,
        ("Failing Scenarios:", "Failing scenarios:"),
        r"^Failing [Ss]cenarios:",
        key=r"^\s*(?:cucumber )?(?P<file>[^\s:]+\.feature):(?P<line>\d+)(?P<message>.*)",
        reach=2,
        fix="test-failure",
    ),
    Rule(
        "bundler",
        Category.DEPENDENCY,
        85,
        (
            "Could not find gem",
            "could not find compatible versions",
            "Could not find compatible versions",
            "in any of the sources",
            "in locally installed gems",
            "Your bundle only supports platforms",
            "in deployment mode after changing",
            "gem was not found",
            "frozen mode",
            "conflicting dependencies",
            "Unable to find a spec satisfying",
        ),
        r"Could not find (?:gem '|\S+ in (?:any of the sources|locally installed))"
        r"|could not find compatible versions for gem|Could not find compatible versions"
        r"|in any of the sources|Your bundle only supports platforms"
        r"|in deployment mode after changing|because the lockfile can't be updated"
        r"|frozen mode is set",
    ),
    Rule(
        "bundler-environment",
        Category.ENVIRONMENT,
        86,
        (
            "Your Ruby version is",
            "requires Ruby version",
            "requires RubyGems version",
            "find the bundler version",
        ),
        r"Your Ruby version is .{0,300}, but your Gemfile specified|requires (?:Ruby"
        r"|RubyGems) version"
        r"|Could not find 'bundler' \(",
    ),
    Rule(
        "gem-native",
        Category.ENVIRONMENT,
        78,
        ("Failed to build gem native extension", "An error occurred while installing"),
        r"Failed to build gem native extension|An error occurred while installing (?P<message>.*)",
        pick="first",
    ),
    Rule(
        "ruby-load-error",
        Category.DEPENDENCY,
        80,
        ("cannot load such file",),
        r"cannot load such file -- (?P<message>\S+)",
    ),
    Rule(
        "ruby-exception",
        Category.UNKNOWN,
        71,
        (".rb:",),
        r"^\s*(?:from )?(?P<file>[^\s:]{1,300}\.rb):(?P<line>\d+):in [`'][^`']*':"
        r" (?P<message>.*\([A-Z]\w*(?:::\w+)*\))$",
        trigger=(".rb:",),
        refine=True,
    ),
    Rule(
        "ruby-syntax",
        Category.COMPILE,
        80,
        ("syntax error",),
        r"^(?P<file>[^\s:]{1,300}\.rb):(?P<line>\d+): syntax error",
        fix="compile",
    ),
    Rule(
        "rake-task",
        Category.CONFIG,
        84,
        ("Don't know how to build task",),
        r"Don't know how to build task '(?P<message>[^']{1,100})'",
    ),
    Rule(
        "rake",
        Category.UNKNOWN,
        62,
        ("rake aborted!", "rails aborted!", "bin/rails aborted!"),
        r"(?:rake|rails) aborted!$",
        key=r"^(?P<message>\S.*)",
        unless=r"^$",
        reach=2,
        refine=True,
    ),
    Rule(
        "rubocop",
        Category.LINT,
        78,
        (".rb:", "Gemfile:", "Rakefile:"),
        r"^(?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<column>\d+): [CWEFR]: (?P<message>.*)",
        trigger=(".rb:", "Gemfile:", "Rakefile:"),
    ),
)
