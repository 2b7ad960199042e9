import pytest

from aof.analysis.release import read_config
from aof.analysis.release.config import Section, VersionFile
from aof.analysis.release.model import Level
from aof.errors import UsageFault


def test_everything_can_be_said() -> None:
    config = read_config(
        {
            "tag": "v{version}",
            "zero_breaking": "major",
            "prerelease_branches": {"next": "beta"},
            "protected": True,
            "version_files": ["package.json", {"path": "Chart.yaml", "field": "both"}],
            "changelog": {
                "file": "NEWS.md",
                "sections": [{"title": "Neu", "types": ["Feat"]}],
            },
            "packages": [{"name": "ui", "paths": ["packages/ui/"], "depends_on": ["core"]}],
        }
    )
    assert config.zero_breaking is Level.MAJOR
    assert config.prerelease_on("next") == "beta"
    assert config.version_files[1] == VersionFile("Chart.yaml", "both")
    assert config.changelog.sections == (Section("Neu", ("feat",)),)
    assert config.packages[0].paths == ("packages/ui",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"tagg": "x"}, "did you mean 'tag'"),
        ({"tag": 1}, "tag: expected text"),
        ({"zero_breaking": "huge"}, "not one of"),
        ({"packages": [{"name": "a"}]}, "a package has no paths"),
        ({"packages": {}}, "expected a list"),
        ({"squash": "maybe"}, "not one of"),
        ({"changelog": {"fil": "x"}}, "did you mean 'file'"),
        ({"version_files": [{"field": "x"}]}, "no path"),
        ([], "expected keys"),
    ],
)
def test_what_nothing_reads_is_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(UsageFault) as caught:
        read_config(data, file=".aof/release.yaml")
    assert words in str(caught.value)
    assert caught.value.file == ".aof/release.yaml"
