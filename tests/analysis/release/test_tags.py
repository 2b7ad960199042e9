import pytest

from aof.analysis.release import find_releases, read_config
from aof.analysis.release.model import Tag
from aof.analysis.release.tags import TagTemplate, detect_template
from aof.errors import UsageFault
from tests.analysis.release.commits import sha


def test_template_finds_the_version_and_makes_the_name() -> None:
    template = TagTemplate("{package}@{version}", "@org/ui")
    assert template.version_in("@org/ui@1.2.3") == "1.2.3"
    assert template.version_in("@org/api@1.2.3") is None
    assert template.name("2.0.0") == "@org/ui@2.0.0"


def test_suffix_is_part_of_the_template() -> None:
    assert TagTemplate("v{version}-app").version_in("v1.0.0-app") == "1.0.0"
    assert TagTemplate("v{version}-app").version_in("v-app") is None


@pytest.mark.parametrize(
    "template", ["v", "{version}{version}", "{name}-{version}", "a b{version}"]
)
def test_bad_template_is_refused(template: str) -> None:
    with pytest.raises(UsageFault):
        TagTemplate(template)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], "v{version}"),
        (["v1.0.0", "latest"], "v{version}"),
        (["1.0.0", "1.1.0", "v1.2.0"], "v{version}"),
        (["1.0.0", "v1.0.0", "1.0.0-rc.1"], "{version}"),
        (["V9.0.0", "1.0.0"], "{version}"),
        (["V9.0.0"], "V{version}"),
        (["1.2.3.4", "20261120"], "v{version}"),
        (["rel/1.0.0"], "rel/{version}"),
        (["v1.0.0", "chart-1.0.0", "chart-1.1.0"], "v{version}"),
    ],
)
def test_template_is_read_off_the_tags(names: list[str], expected: str) -> None:
    assert detect_template(names)[0] == expected


def test_rival_prefixes_are_reported() -> None:
    assert detect_template(["a-1.0.0", "b-1.0.0"])[1] == ("a-", "b-")


@pytest.mark.parametrize(
    ("tags", "config", "asked"),
    [
        ({"v1.2.0": "a", "1.2.0": "b"}, {}, ["tag-twin"]),
        ({"v1.2.0": "a", "1.2.0": "a"}, {}, []),
        ({"v1.2.0": "a", "1.2.0": "b"}, {"tag": "v{version}"}, []),
        ({"v1.2.0": "a", "v1.1.0": "c", "1.1.0": "b"}, {}, []),
        ({"lib-1.2.0": "a", "lib-1.1.0": "b"}, {}, []),
    ],
)
def test_one_version_on_two_commits_asks(
    tags: dict[str, str], config: dict[str, str], asked: list[str]
) -> None:
    named = [Tag(name, sha(commit)) for name, commit in tags.items()]
    found = find_releases(named, read_config(config), lambda _: True)
    assert [one.code for one in found.diagnostics if one.severity == "ask"] == asked
