import pytest

from aof.errors import AofError, ExitCode, ManifestError, UsageFault


@pytest.mark.parametrize(
    ("codes", "winner"),
    [
        ([], ExitCode.OK),
        ([ExitCode.STOP, ExitCode.PENDING], ExitCode.STOP),
        ([ExitCode.STOP, ExitCode.UNREACHABLE], ExitCode.UNREACHABLE),
        ([ExitCode.DENIED, ExitCode.UNREACHABLE], ExitCode.UNREACHABLE),
        ([ExitCode.USAGE, ExitCode.INTERNAL], ExitCode.INTERNAL),
        ([ExitCode.INTERNAL, ExitCode.INTERRUPTED], ExitCode.INTERRUPTED),
        ([ExitCode.INCONCLUSIVE, ExitCode.PENDING], ExitCode.INCONCLUSIVE),
    ],
)
def test_strongest_exit_code_wins(codes: list[ExitCode], winner: ExitCode) -> None:
    assert ExitCode.strongest(*codes) is winner


def test_error_text_says_where_what_why_and_fix() -> None:
    error = UsageFault("unknown tool 'argo'", why="not there", fix="use argocd", file="x", line=3)
    assert str(error) == "x:3: unknown tool 'argo'\n  why: not there\n  fix: use argocd"


def test_manifest_error_lists_every_problem() -> None:
    error = ManifestError([AofError("a", file="f", line=1), AofError("b", file="f", line=2)])
    assert str(error).splitlines() == ["f:1: a", "f:2: b"]
    assert error.exit_code is ExitCode.USAGE
