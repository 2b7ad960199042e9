"""Swift and Apple platforms: xcodebuild, XCTest, Swift Testing, signing, CocoaPods, fastlane."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_SOURCE = r"(?P<file>/?[^:\n]{1,300}\.(?:swift|mm?|h))"

RULES = (
    Rule(
        "xctest-failure",
        Category.UNIT_TEST,
        80,
        ("error: -[", "XCTAssert"),
        rf"^{_SOURCE}:(?P<line>\d+): error: (?:-\[(?P<test>[^\]]+)\] : )?(?P<message>.*)",
        fix="test-failure",
    ),
    Rule(
        "swift-compile",
        Category.COMPILE,
        79,
        (": error: ",),
        rf"^(?:❌ +)?{_SOURCE}:(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "xctest-case",
        Category.UNIT_TEST,
        68,
        ("Test Case '",),
        r"^Test Case '(?P<test>[^']+)' failed \(",
        pick="first",
        fix="test-failure",
    ),
    Rule(
        "swift-testing",
        Category.UNIT_TEST,
        76,
        ("recorded an issue at",),
        r"Test (?P<test>.{1,200}) recorded an issue at"
        r" (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)",
        fix="test-failure",
    ),
    Rule(
        "xcpretty-test",
        Category.UNIT_TEST,
        72,
        ("✗ ",),
        r"^\s*✗ (?P<test>\w+), (?P<message>.*)",
        trigger=("✗",),
        fix="test-failure",
    ),
    Rule(
        "xcode-signing",
        Category.CONFIG,
        85,
        (
            "requires a provisioning profile",
            "No profiles for",
            "No signing certificate",
            "Code signing is required",
            "No Accounts",
            "doesn't match the entitlements",
            'Signing for "',
        ),
        r"requires a provisioning profile|No profiles for '|No signing certificate"
        r"|Code signing is required|Signing for \"[^\"]+\" requires",
    ),
    Rule(
        "xcode-destination",
        Category.CONFIG,
        85,
        ("xcodebuild: error:", "Unable to find a destination", "xcode-select: error"),
        r"xcodebuild: error: (?P<message>.*)|Unable to find a destination matching"
        r"|xcode-select: error: .*",
    ),
    Rule(
        "cocoapods",
        Category.DEPENDENCY,
        84,
        ("[!] ",),
        r"^\[!\] (?P<message>(?:CocoaPods could not|Unable to find a spec|Unable to satisfy"
        r"|The sandbox is not|Unable to determine|Error installing|Oh no).*)",
        trigger=("[!]",),
    ),
    Rule(
        "swift-package",
        Category.DEPENDENCY,
        84,
        (
            "Dependencies could not be resolved",
            "no such module '",
            "Could not resolve package dependencies",
        ),
        r"Dependencies could not be resolved|no such module '[^']+'"
        r"|Could not resolve package dependencies",
    ),
    Rule(
        "xcode-wrapper",
        Category.COMPILE,
        36,
        (
            "** BUILD FAILED **",
            "** TEST FAILED **",
            "** ARCHIVE FAILED **",
            "The following build commands failed",
        ),
        r"\*\* (?:BUILD|TEST|ARCHIVE|TEST BUILD) FAILED \*\*|The following build commands failed",
        pick="first",
    ),
)
