"""What a drift request means: settings before text before options."""

from __future__ import annotations

import pytest

from aof.errors import UsageFault
from aof.playbooks.drift_options import DriftOptions
from aof.playbooks.drift_request import DriftRequest, parse_drift_request


def parsed(text: str = "", options: DriftOptions | None = None, **settings: str) -> DriftRequest:
    return parse_drift_request(text, settings, options or DriftOptions())


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ("Scan production namespace for drift", "production"),
        ("Check the 'shop' namespace", "shop"),
        ("drift in namespace shop-eu, please", "shop-eu"),
        ("namespace: shop.", "shop"),
        ("Scan the namespace for drift", ""),
        ("Scan every namespace", ""),
        ("anything drifted?", ""),
    ],
)
def test_the_namespace_is_read_from_the_text(text: str, namespace: str) -> None:
    assert parsed(text).namespace == namespace


@pytest.mark.parametrize(
    ("text", "apps"),
    [
        ("Check drift of application myapp", ("myapp",)),
        ("app: shop and app: argocd/api", ("shop", "argocd/api")),
        ("which apps have drift", ()),
    ],
)
def test_applications_are_read_from_the_text(text: str, apps: tuple[str, ...]) -> None:
    assert parsed(text).argocd_apps == apps


def test_kustomizations_are_read_from_the_text() -> None:
    assert parsed("kustomization flux-system/apps").kustomizations == ("flux-system/apps",)


def test_settings_win_over_text_and_text_over_options() -> None:
    options = DriftOptions(namespace="from-options", argocd_apps=("a",))
    assert parsed("", options).namespace == "from-options"
    assert parsed("namespace from-text", options).namespace == "from-text"
    assert parsed("namespace from-text", options, namespace="set").namespace == "set"
    assert parsed("", options).argocd_apps == ("a",)


@pytest.mark.parametrize("text", ["a,b", '["a", "b"]', " a , b ,"])
def test_lists_may_be_written_as_triggers_write_them(text: str) -> None:
    assert parsed(argocd_apps=text).argocd_apps == ("a", "b")


@pytest.mark.parametrize("settings", [{"verify": "maybe"}, {"argocd_apps": "[a"}])
def test_settings_that_cannot_be_read_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(UsageFault):
        parsed(**settings)


def test_verify_is_a_truth_value() -> None:
    assert parsed(verify="true").verify
    assert not parsed(verify="no").verify
