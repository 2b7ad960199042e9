"""What a failed log names that the last green log of the same job does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.ci_log.compare import compare
from tests.analysis.ci_log import logs


def moved(failed: str, green: str) -> list[tuple[str, str, str]]:
    found = compare(logs.github(failed), logs.github(green, exit_code=0))
    return [(one.name, one.before, one.after) for one in found.values]


@pytest.mark.parametrize(
    ("green", "failed", "change"),
    [
        (
            "Successfully installed requests-2.31.0 urllib3-2.2.1",
            "Successfully installed requests-2.32.0 urllib3-2.2.1",
            ("requests", "2.31.0", "2.32.0"),
        ),
        (
            "Setting up libssl3:amd64 (3.0.2-0ubuntu1.15) ...",
            "Setting up libssl3:amd64 (3.0.2-0ubuntu1.16) ...",
            ("libssl3:amd64", "3.0.2-0ubuntu1.15", "3.0.2-0ubuntu1.16"),
        ),
        (
            "   Compiling serde v1.0.200",
            "   Compiling serde v1.0.201",
            ("serde", "1.0.200", "1.0.201"),
        ),
        (
            "go: downloading github.com/x/y v1.2.3",
            "go: downloading github.com/x/y v1.3.0",
            ("github.com/x/y", "1.2.3", "1.3.0"),
        ),
        (
            "go version go1.22.1 linux/amd64",
            "go version go1.23.0 linux/amd64",
            ("go", "1.22.1", "1.23.0"),
        ),
        (
            "Found in cache @ /opt/hostedtoolcache/node/20.1.0/x64",
            "Found in cache @ /opt/hostedtoolcache/node/20.2.0/x64",
            ("node", "20.1.0", "20.2.0"),
        ),
        (
            f"Download action repository 'acme/setup@v4' (SHA:{'1b' * 20})",
            f"Download action repository 'acme/setup@v4' (SHA:{'2b' * 20})",
            ("acme/setup@v4", "1b" * 6, "2b" * 6),
        ),
        (
            "Image: ubuntu-24.04\nVersion: 20261101.1.0",
            "Image: ubuntu-24.04\nVersion: 20261115.2.0",
            ("runner image (version)", "20261101.1.0", "20261115.2.0"),
        ),
        (
            f"Using docker image for python:3.12 with digest python@sha256:{'a' * 64} ...",
            f"Using docker image for python:3.12 with digest python@sha256:{'b' * 64} ...",
            ("image python", f"sha256:{'a' * 12}", f"sha256:{'b' * 12}"),
        ),
        (
            f"latest: Pulling from library/redis\nDigest: sha256:{'a' * 64}",
            f"latest: Pulling from library/redis\nDigest: sha256:{'c' * 64}",
            ("image library/redis", f"sha256:{'a' * 12}", f"sha256:{'c' * 12}"),
        ),
        (
            "Downloading from central: https://repo.example/org/acme/cart/1.0.0/cart-1.0.0.jar",
            "Downloading from central: https://repo.example/org/acme/cart/1.1.0/cart-1.1.0.jar",
            ("cart", "1.0.0", "1.1.0"),
        ),
    ],
)
def test_a_value_that_moved(green: str, failed: str, change: tuple[str, str, str]) -> None:
    assert moved(failed, green) == [change]


@pytest.mark.parametrize(
    "line",
    [
        "3 passed in {}.{}2s",
        "coverage {}.{}%",
        "Uploading {}.{} MB to the cache",
        "listening on 10.0.{}.{}:8080",
        "Finished in {}.{}.1 seconds",
        "at 2026-11-{}T10:{}:05.123Z",
        "built shop-1.2.3.dev{}+g{}abcdef0",
    ],
)
def test_times_sizes_shares_and_addresses_never_count(line: str) -> None:
    assert moved(line.format(17, 41), line.format(19, 52)) == []


def test_a_warning_before_the_failure_that_the_green_log_lacks() -> None:
    failed = "Warning: cache not found for input keys: npm-abc\nWARNING: seen 3 times\nerror: x"
    found = compare(failed.encode(), b"WARNING: seen 5 times\n", until=3)
    assert found.warnings == ((1, "Warning: cache not found for input keys: npm-abc"),)


def test_what_follows_the_failure_is_its_consequence() -> None:
    found = compare(b"error: x\nWarning: could not upload\nInstalling rake 13.0.6", b"", until=1)
    assert not found


def test_nothing_is_called_new_against_a_green_log_with_a_gap() -> None:
    failed = b"Warning: could not upload\nInstalling rake 13.0.6\nInstalling rdoc 6.2.0\n"
    found = compare(failed, b"Installing rake 13.0.5\n", whole=False)
    assert [one.name for one in found.values] == ["rake"]
    assert (found.added, found.warnings) == ((), ())


def test_few_new_packages_are_listed_and_many_are_a_cold_cache() -> None:
    few = compare(b"Installing rake 13.0.6\n", b"nothing\n")
    assert [(one.name, one.before, one.after) for one in few.added] == [("rake", "", "13.0.6")]
    many = "\n".join(f"Installing gem{'x' * n} 1.0.{n}" for n in range(60)).encode()
    assert compare(many, b"nothing\n").added == ()


@given(st.text(alphabet="ab1.-@:/ v\n%()=\"'", max_size=400))
def test_a_log_never_differs_from_itself(text: str) -> None:
    assert not compare(text.encode(), text.encode())


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_can_be_compared(failed: bytes, green: bytes) -> None:
    assert len(compare(failed, green).values) <= 30
