import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release.pins import Released, find_pin, set_pin, spelled
from aof.errors import UsageFault

RELEASED = Released("v1.1.0", "1.1.0", "b" * 40)
HELM = """\
# shop  \r
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop, namespace: shop}
spec:
  chart:
    spec:
      chart: shop
      version: '1.0.0'   # promoted by release-manager
"""
KUSTOMIZE = """\
images:
- name: ghcr.io/acme/shop
  newTag: v1.0.0
- name: ghcr.io/acme/cart
  newTag: v3.0.0
"""
DEPLOYMENT = """\
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: app
        image: "registry.example.com:5000/acme/shop:1.0.0"
"""
SOURCE = "kind: GitRepository\nmetadata: {name: shop}\nspec:\n  ref:\n    %s: %s\n"


def moved(text: str, path: str = "x.yaml", **asked: str) -> str:
    content = text.encode()
    pin = find_pin(content, path, **asked)
    return set_pin(content, path, pin, spelled(pin.value, RELEASED)).decode()


def test_only_the_bytes_of_the_pin_change() -> None:
    assert moved(HELM) == HELM.replace("1.0.0", "1.1.0")
    assert moved("\ufeff" + HELM) == "\ufeff" + HELM.replace("1.0.0", "1.1.0")


def test_a_pin_keeps_its_form() -> None:
    assert moved(SOURCE % ("tag", "v1.0.0")) == SOURCE % ("tag", "v1.1.0")
    assert moved(SOURCE % ("commit", "a" * 40)) == SOURCE % ("commit", "b" * 40)
    assert spelled("core@1.0.0", Released("core@1.1.0", "1.1.0", "")) == "core@1.1.0"
    assert spelled("1.0.0", Released("core@1.1.0", "1.1.0", "")) == "1.1.0"
    assert spelled("anything", RELEASED, "tag") == "v1.1.0"


def test_an_image_keeps_its_registry() -> None:
    field = "spec.template.spec.containers[app].image"
    assert moved(DEPLOYMENT, field=field) == DEPLOYMENT.replace("shop:1.0.0", "shop:1.1.0")
    digested = DEPLOYMENT.replace("shop:1.0.0", f"shop@sha256:{'a' * 64}")
    with pytest.raises(UsageFault, match="no tag of its own"):
        find_pin(digested.encode(), "x.yaml", field=field)


def test_several_pins_are_a_question_that_lists_them() -> None:
    with pytest.raises(UsageFault, match="2 places") as caught:
        moved(KUSTOMIZE, "apps/kustomization.yaml")
    assert "images[ghcr.io/acme/cart].newTag" in caught.value.why
    changed = moved(KUSTOMIZE, field="images[ghcr.io/acme/shop].newTag")
    assert changed == KUSTOMIZE.replace("v1.0.0", "v1.1.0")


def test_objects_of_one_file_are_told_apart_by_kind_and_name() -> None:
    both = HELM + "---\n" + HELM.replace("name: shop,", "name: cart,").replace("1.0.0", "2.0.0")
    with pytest.raises(UsageFault, match="2 places"):
        moved(both)
    assert moved(both, kind="HelmRelease/cart") == both.replace("2.0.0", "1.1.0")


@pytest.mark.parametrize("value", ["latest", "1.x", "'>=1.0.0'", "^1.0", "main", "'*'"])
def test_what_moves_by_itself_is_no_pin(value: str) -> None:
    with pytest.raises(UsageFault, match="no single version"):
        moved(SOURCE % ("tag", value))


def test_a_value_that_others_refer_to_is_not_changed() -> None:
    shared = "kind: OCIRepository\nspec:\n  ref: {tag: &v 1.0.0}\n  note: *v\n"
    with pytest.raises(UsageFault, match="cannot be changed alone"):
        moved(shared)


@pytest.mark.parametrize("text", ["", "[", "a: b", "kind: HelmRelease\n", "- 1\n- 2\n"])
def test_a_file_without_a_pin_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        moved(text)


def test_a_value_that_is_no_text_any_more_is_refused() -> None:
    content = (SOURCE % ("tag", "v1.0.0")).encode()
    pin = find_pin(content, "x.yaml")
    with pytest.raises(UsageFault, match="would not be read as text"):
        set_pin(content, "x.yaml", pin, "20261120")


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@given(before=_TEXT, after=_TEXT, name=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_comments_around_the_pin_stay_whatever_they_say(before: str, after: str, name: str) -> None:
    text = f"# {before}\nkind: OCIRepository\nmetadata: {{name: {name}}}\nspec:\n"
    text += f"  ref:\n    tag: 1.0.0 # {after}\n"
    changed = moved(text)
    assert changed.replace("tag: 1.1.0 #", "tag: 1.0.0 #", 1) == text
