"""One object on a real API server, what happens to it, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.real_cluster.manifests import Manifest, widget_definition
from tests.real_cluster.steps import ARGO, Step


@dataclass(frozen=True)
class RealCase:
    """One object.

    Attributes:
        desired: The manifest in Git now.
        steps: What happens to the object, in order.
        expected: The class that must come first.
        manager: Field manager that must be named; empty: any.
        path: Where a change must be shown (a prefix); empty: anywhere.
        before: The manifest at the last sync; None: the same as `desired`.
        syncer: Field manager of the GitOps tool.
        definition: The CustomResourceDefinition of `desired`, if it has one.
    """

    id: str
    desired: Manifest
    steps: tuple[Step, ...]
    expected: str
    manager: str = ""
    path: str = ""
    before: Manifest | None = None
    syncer: str = ARGO
    definition: Manifest | None = None

    @property
    def synced(self) -> Manifest:
        """The manifest at the last sync."""
        return self.desired if self.before is None else self.before


def case(
    desired: Manifest,
    *steps: Step,
    says: str,
    manager: str = "",
    path: str = "",
    before: Manifest | None = None,
    syncer: str = ARGO,
) -> RealCase:
    """A case named after its object."""
    name = desired["metadata"]["name"]
    custom = widget_definition() if desired["kind"] == "Widget" else None
    return RealCase(name, desired, steps, says, manager, path, before, syncer, custom)
