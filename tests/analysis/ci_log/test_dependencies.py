"""Dependencies that a diff of lock files and manifests changes."""

import pytest

from aof.analysis.ci_log.dependencies import dependency_changes

LEFT_PAD = ("left-pad", "1.2.0", "1.3.0")


@pytest.mark.parametrize(
    ("diff", "change"),
    [
        (
            ' "node_modules/left-pad": {\n-  "version": "1.2.0",\n+  "version": "1.3.0",',
            LEFT_PAD,
        ),
        (' left-pad@^1.0.0:\n-  version "1.2.0"\n+  version "1.3.0"', LEFT_PAD),
        (' "left-pad@npm:^1.0.0":\n-  version: 1.2.0\n+  version: 1.3.0', LEFT_PAD),
        ("-  left-pad@1.2.0:\n+  left-pad@1.3.0:", LEFT_PAD),
        ('-    "left-pad": "^1.2.0",\n+    "left-pad": "^1.3.0",', LEFT_PAD),
        ("-requests==2.31.0\n+requests==2.32.0", ("requests", "2.31.0", "2.32.0")),
        (
            ' name = "requests"\n-version = "2.31.0"\n+version = "2.32.0"',
            ("requests", "2.31.0", "2.32.0"),
        ),
        (
            ' "requests": {\n-    "version": "==2.31.0"\n+    "version": "==2.32.0"',
            ("requests", "2.31.0", "2.32.0"),
        ),
        (
            "-\tgithub.com/a/x v1.0.0 // indirect\n+\tgithub.com/a/x v1.1.0 // indirect",
            ("github.com/a/x", "v1.0.0", "v1.1.0"),
        ),
        ("-    rake (13.0.6)\n+    rake (13.1.0)", ("rake", "13.0.6", "13.1.0")),
        (
            "-com.acme:cart:1.0=compileClasspath\n+com.acme:cart:1.1=compileClasspath",
            ("com.acme:cart", "1.0", "1.1"),
        ),
        (
            " <artifactId>cart</artifactId>\n-<version>1.0</version>\n+<version>1.1</version>",
            ("cart", "1.0", "1.1"),
        ),
        (
            ' "Acme.Cart": {\n-  "resolved": "1.0.0",\n+  "resolved": "1.1.0",',
            ("Acme.Cart", "1.0.0", "1.1.0"),
        ),
    ],
)
def test_a_pin_that_moved(diff: str, change: tuple[str, str, str]) -> None:
    assert dependency_changes(diff) == (change,)


def test_packages_come_and_go() -> None:
    diff = '+[[package]]\n+name = "new"\n+version = "1.0"\n-name = "old"\n-version = "0.9"'
    assert dependency_changes(diff) == (("new", "", "1.0"), ("old", "0.9", ""))


def test_a_version_belongs_to_no_package_of_another_file() -> None:
    diff = (
        ' name = "shop"\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n-version = "1.0"\n+version = "2.0"'
    )
    assert dependency_changes(diff) == ()


def test_what_did_not_change_is_not_listed() -> None:
    assert dependency_changes("-requests==2.31.0\n+requests==2.31.0  # pinned") == ()
