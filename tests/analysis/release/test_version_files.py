import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release.config import VersionFile
from aof.analysis.release.files import bump_files, companions, detect_version_files
from aof.errors import UsageFault

PACKAGE = (
    b'\xef\xbb\xbf{\r\n\t"name": "x",\r\n\t"version" : "1.2.3",  \r\n "d": {"version": "1.2.3"}}'
)
LOCK = b"""{
  "name": "x",
  "version": "1.2.3",
  "packages": {
    "": {"name": "x", "version": "1.2.3"},
    "node_modules/y": {"version": "1.2.3"}
  }
}
"""
CARGO = b"""# version = "1.2.3"
[dependencies]
y = { version = "1.2.3" }  # version = "1.2.3"

[package]
name = "x"
description = \"\"\"
[package]
version = "1.2.3"
\"\"\"
version = '1.2.3' # keep
rust-version = "1.2.3"
"""
CARGO_LOCK = b"""[[package]]
name = "x"
version = "1.2.3"
dependencies = ["y"]

[[package]]
name = "x-y"
version = "1.2.3"

[[package]]
name = "x"
version = "1.2.3"
source = "registry+https://example.org"
"""
PYPROJECT = b"""[tool.other]\nversion = "1.2.3"\n[project]\nname = "x"\nversion="1.2.3"\n"""
CHART = b"""# Chart of x
apiVersion: v2
name: x
version: 1.2.3   # chart
appVersion: "v1.2.3"  # application
dependencies:
  - name: y
    version: 1.2.3
"""
POM = b"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><version>1.2.3</version></parent>
  <!-- <version>1.2.3</version> -->
  <version> 1.2.3 </version>
  <dependencies><dependency><version>1.2.3</version></dependency></dependencies>
</project>
"""
FILES = {
    "package.json": PACKAGE,
    "Cargo.toml": CARGO,
    "pyproject.toml": PYPROJECT,
    "pom.xml": POM,
    "version.txt": b"1.2.3\r\n",
}


def bump(path: str, content: bytes, version: str = "1.3.0", **more: str) -> bytes:
    file = VersionFile(path, **more)
    return bump_files([file], {path: content}, version, expected=["1.2.3"])[path]


@pytest.mark.parametrize("path", FILES)
def test_only_the_bytes_of_the_version_change(path: str) -> None:
    before = FILES[path]
    after = bump(path, before, "9.9.9")
    changed = [at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert len(changed) == 3
    assert changed[-1] - changed[0] == 4
    assert before[changed[0] : changed[-1] + 1] == b"1.2.3"


@pytest.mark.parametrize("path", FILES)
def test_doing_it_again_changes_nothing(path: str) -> None:
    after = bump(path, FILES[path])
    assert bump_files([VersionFile(path)], {path: after}, "1.3.0", expected=["1.2.3"]) == {}


def test_the_right_version_of_a_crate_is_found() -> None:
    parsed = tomllib.loads(bump("Cargo.toml", CARGO).decode())
    assert parsed["package"]["version"] == "1.3.0"
    assert parsed["dependencies"]["y"]["version"] == "1.2.3"
    assert 'version = "1.2.3"' in parsed["package"]["description"]


def test_a_workspace_version_is_found() -> None:
    content = (
        b'[workspace.package]\nversion = "1.2.3"\n[package]\nname="x"\nversion.workspace = true\n'
    )
    assert b'[workspace.package]\nversion = "1.3.0"' in bump("Cargo.toml", content)


def test_lock_files_follow() -> None:
    contents = {"package.json": PACKAGE, "package-lock.json": LOCK}
    after = bump_files([VersionFile("package.json")], contents, "1.3.0")
    assert after["package-lock.json"] == LOCK.replace(
        b'"x",\n  "version": "1.2.3"', b'"x",\n  "version": "1.3.0"'
    ).replace(b'"name": "x", "version": "1.2.3"', b'"name": "x", "version": "1.3.0"')
    contents = {"a/Cargo.toml": CARGO, "a/Cargo.lock": CARGO_LOCK}
    after = bump_files([VersionFile("a/Cargo.toml")], contents, "1.3.0")
    assert after["a/Cargo.lock"] == CARGO_LOCK.replace(b"1.2.3", b"1.3.0", 1)
    assert companions("a/Cargo.toml") == ("a/Cargo.lock", "Cargo.lock")


def test_a_lock_file_of_the_first_version_follows() -> None:
    lock = b'{"name": "x", "version": "1.2.3", "dependencies": {"y": {"version": "1.2.3"}}}'
    contents = {"package.json": PACKAGE, "package-lock.json": lock}
    after = bump_files([VersionFile("package.json")], contents, "1.3.0")
    assert after["package-lock.json"] == lock.replace(b"1.2.3", b"1.3.0", 1)


WORKSPACE_LOCK = b"""{
  "name": "root", "version": "1.2.3", "lockfileVersion": 3,
  "packages": {
    "": {"name": "root", "version": "1.2.3", "workspaces": ["packages/*"]},
    "node_modules/a": {"resolved": "packages/a", "link": true},
    "packages/a": {"name": "a", "version": "1.2.3"},
    "packages/b": {"name": "b", "version": "1.2.3"}
  }
}
"""


def test_packages_of_a_workspace_share_the_lock_file_above_them() -> None:
    paths = ("packages/a/package.json", "packages/b/package.json")
    contents = {**dict.fromkeys(paths, PACKAGE), "package-lock.json": WORKSPACE_LOCK}
    after = bump_files([VersionFile(path) for path in paths], contents, "1.3.0")
    versions = {
        path: entry.get("version")
        for path, entry in json.loads(after["package-lock.json"])["packages"].items()
    }
    assert versions == {
        "": "1.2.3",
        "node_modules/a": None,
        "packages/a": "1.3.0",
        "packages/b": "1.3.0",
    }


CARGO_WORKSPACE = b"""[workspace]
members = ["a", "b"]

[workspace.package]
version = "1.2.3" # all of us
rust-version = "1.70"
"""
WORKSPACE_CARGO_LOCK = b"""version = 3

[[package]]
name = "a"
version = "1.2.3"

[[package]]
name = "b"
version = "0.1.0"

[[package]]
name = "serde"
version = "1.2.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "ab"
"""


def test_crates_that_inherit_the_version_of_a_workspace_follow_in_the_lock_file() -> None:
    contents = {"Cargo.toml": CARGO_WORKSPACE, "Cargo.lock": WORKSPACE_CARGO_LOCK}
    after = bump_files([VersionFile("Cargo.toml")], contents, "1.3.0", expected=["1.2.3"])
    assert after["Cargo.toml"] == CARGO_WORKSPACE.replace(b"1.2.3", b"1.3.0")
    assert after["Cargo.lock"] == WORKSPACE_CARGO_LOCK.replace(b"1.2.3", b"1.3.0", 1)


def test_a_crate_that_inherits_names_the_workspace() -> None:
    with pytest.raises(UsageFault, match="inherits its version"):
        bump("a/Cargo.toml", b'[package]\nname = "a"\nversion.workspace = true\n')


UV_LOCK = b"""version = 1

[[package]]
name = "my-app"
version = "1.2.3"
source = { editable = "." }
dependencies = [{ name = "my-app-x" }]

[[package]]
name = "my-app-x"
version = "1.2.3"
source = { registry = "https://packages.example.com/simple" }
"""


def test_the_projects_own_entry_in_a_uv_lock_follows() -> None:
    project = b'[project]\nname = "My_App"\nversion = "1.2.3"\n'
    contents = {"pyproject.toml": project, "uv.lock": UV_LOCK}
    after = bump_files([VersionFile("pyproject.toml")], contents, "2.0.0-rc.1", expected=["1.2.3"])
    assert after["uv.lock"] == UV_LOCK.replace(b"1.2.3", b"2.0.0rc1", 1)


def test_poetry_and_pep_621_say_the_same() -> None:
    text = b'[tool.poetry]\nversion = "1.2.3"\n[project]\nversion = "1.2.3"\n'
    assert bump("pyproject.toml", text) == text.replace(b"1.2.3", b"1.3.0")
    other = text.replace(b'poetry]\nversion = "1.2.3"', b'poetry]\nversion = "0"')
    assert bump("pyproject.toml", other) == other.replace(b"1.2.3", b"1.3.0")


def test_a_dynamic_version_says_what_to_do() -> None:
    with pytest.raises(UsageFault, match="takes its version from elsewhere"):
        bump("pyproject.toml", b'[project]\nname = "x"\ndynamic = ["version"]\n')


@pytest.mark.parametrize("path", ["Cargo.toml", "pyproject.toml"])
def test_a_byte_order_mark_in_toml_stays(path: str) -> None:
    text = b"\xef\xbb\xbf" + FILES[path].replace(b"\n", b"\r\n")
    after = bump(path, text)
    assert after != text
    assert after.replace(b"1.3.0", b"1.2.3") == text


REVISION = b"""<project>
  <version>${revision}</version>
  <properties>
    <other>1.2.3</other>
    <revision>1.2.3</revision><!-- 1.2.3 -->
  </properties>
  <profiles><profile><properties><revision>9</revision></properties></profile></profiles>
</project>"""


def test_a_version_that_stands_for_a_property_is_set_there() -> None:
    after = bump("pom.xml", REVISION)
    assert after == REVISION.replace(b"<revision>1.2.3", b"<revision>1.3.0")


def test_an_angle_in_an_attribute_ends_no_tag() -> None:
    text = b"""<project><version a="1>0" b='"'>1.2.3</version></project>"""
    assert bump("pom.xml", text) == text.replace(b"1.2.3", b"1.3.0")


def test_a_namespace_may_have_a_prefix() -> None:
    text = b"""<m:project xmlns:m="http://maven.apache.org/POM/4.0.0"><m:parent><m:version>1.2.3
    </m:version></m:parent><m:version>1.2.3</m:version></m:project>"""
    after = bump("pom.xml", text)
    assert after == text.replace(b"<m:version>1.2.3<", b"<m:version>1.3.0<")


def test_modules_follow_their_parent_where_that_is_declared() -> None:
    text = b"<project><parent><artifactId>p</artifactId><version>1.2.3</version></parent></project>"
    assert bump("m/pom.xml", text, field="parent") == text.replace(b"1.2.3", b"1.3.0")
    with pytest.raises(UsageFault, match="set field"):
        bump("m/pom.xml", text, field="version.parent")


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("version", [b"version: 1.3.0   # chart", b'appVersion: "v1.2.3"  # application']),
        ("appVersion", [b"version: 1.2.3   # chart", b'appVersion: "v1.3.0"  # application']),
        ("both", [b"version: 1.3.0   # chart", b'appVersion: "v1.3.0"  # application']),
    ],
)
def test_a_chart_has_two_versions(field: str, lines: list[bytes]) -> None:
    after = bump("deploy/Chart.yaml", CHART, field=field)
    assert after.split(b"\n")[3:5] == lines
    assert after.endswith(b"    version: 1.2.3\n")


def test_a_chart_must_say_which() -> None:
    with pytest.raises(UsageFault, match="holds two versions"):
        bump("Chart.yaml", CHART)


def test_a_chart_that_installs_no_application_has_one_version() -> None:
    text = b"{apiVersion: v2, version: 1.2.3, dependencies: [{name: y, version: 1.2.3}]}\n"
    assert bump("Chart.yaml", text) == text.replace(b"1.2.3", b"1.3.0", 1)


def test_a_byte_order_mark_moves_nothing() -> None:
    text = "\ufeffversion: '1.2.3'\nappVersion: 1.2.3\n".encode()
    after = bump("Chart.yaml", text, field="both")
    assert after == text.replace(b"1.2.3", b"1.3.0")


def test_python_has_its_own_spelling() -> None:
    after = bump("pyproject.toml", PYPROJECT, "1.3.0-rc.1")
    assert after.endswith(b'version="1.3.0rc1"\n')
    again = bump_files(
        [VersionFile("pyproject.toml")], {"pyproject.toml": after}, "1.3.0", expected=["1.3.0-rc.1"]
    )
    assert again["pyproject.toml"].endswith(b'version="1.3.0"\n')


def test_a_pattern_fits_files_in_any_encoding() -> None:
    content = b'// caf\xe9\n#define VERSION "1.2.3" // \xff\n'
    pattern = '#define VERSION "(?P<version>[^"]+)"'
    assert bump("x.c", content, pattern=pattern) == content.replace(b"1.2.3", b"1.3.0")


def test_any_file_by_pattern() -> None:
    pattern = r'^__version__ = "(?P<version>[^"]+)"$'
    content = b'x = "1.2.3"\n__version__ = "1.2.3"\n'
    assert bump("x.py", content, pattern=pattern) == b'x = "1.2.3"\n__version__ = "1.3.0"\n'


@pytest.mark.parametrize("pattern", ["(", "version", "(?P<version>nope)", '"(?P<version>[^"]+)"'])
def test_a_pattern_that_does_not_fit_once_is_refused(pattern: str) -> None:
    with pytest.raises(UsageFault):
        bump("x.py", b'a = "1.2.3"\nb = "1.2.3"\n', pattern=pattern)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package.json", b'{"name": "x"}'),
        ("package.json", b'{"version": 1}'),
        ("package.json", b'{"version": "1.2.3", "version": "1.2.3"}'),
        ("package.json", b"{"),
        ("package.json", b"[]"),
        ("package.json", b"\xff"),
        ("Cargo.toml", b"[package]\nname = 'x'\n"),
        ("Cargo.toml", b"["),
        ("pyproject.toml", b"[project]\ndynamic = ['version']\n"),
        ("pom.xml", b"<project><parent><version>1.2.3</version></parent></project>"),
        ("pom.xml", b"<project><version>${revision}</version></project>"),
        ("pom.xml", b"<!DOCTYPE x []><project><version>1.2.3</version></project>"),
        ("pom.xml", b"<project>"),
        ("version.txt", b"1.2.3 and more\n"),
        ("unknown.cfg", b"1.2.3"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(path: str, content: bytes) -> None:
    with pytest.raises(UsageFault):
        bump(path, content)


def test_a_version_nobody_expects_is_an_error() -> None:
    with pytest.raises(UsageFault, match=r"states version 1\.0\.0"):
        bump("version.txt", b"1.0.0\n")


def test_undeclared_files_are_followed_only_where_they_state_the_release() -> None:
    contents = {"package.json": PACKAGE, "version.txt": b"7.0.0\n", "pyproject.toml": b"[x]\n"}
    chosen, notes = detect_version_files(contents, ["1.2.3"])
    assert [file.path for file in chosen] == ["package.json"]
    assert len(notes) == 2


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)


def outside(content: bytes, version: bytes) -> list[bytes]:
    """What stands around the only place that reads `version`."""
    return content.split(version)


@given(st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.lists(TEXT))), st.integers(0, 4))
def test_any_package_file_changes_in_one_place_only(data: dict[str, object], indent: int) -> None:
    data = {**data, "version": "1.2.3"}
    before = json.dumps(data, indent=indent or None, ensure_ascii=indent % 2 == 0).encode()
    after = bump("package.json", before, "5.6.7-rc.8")
    assert json.loads(after) == {**data, "version": "5.6.7-rc.8"}
    assert outside(after, b"5.6.7-rc.8") == outside(before, b"1.2.3")


@given(st.lists(st.sampled_from(CARGO.decode().splitlines()[:-3]), max_size=8))
def test_any_crate_changes_in_one_place_only(lines: list[str]) -> None:
    text = "\n".join(lines) + '\n[package]\nversion = "1.2.4"\n'
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    file = VersionFile("Cargo.toml")
    after = bump_files([file], {"Cargo.toml": text.encode()}, "5.6.7")["Cargo.toml"]
    assert outside(after, b"5.6.7") == outside(text.encode(), b"1.2.4")
    assert tomllib.loads(after.decode()) == {**parsed, "package": {"version": "5.6.7"}}
