"""Derive the field table of the drift analysis from Kubernetes' published API schema.

    python scripts/derive_kubernetes_schema.py DEFINITIONS.json VERSION > \\
        aof/analysis/drift/data/kubernetes_schema.json

DEFINITIONS.json is the `definitions` of api/openapi-spec/swagger.json of a Kubernetes
release, or `_definitions.json` of the PyPI package kubernetes-validate, which carries the
same. Kept: field names, types, list keys. Left out: descriptions and everything below
`status`. The short codes are explained in `aof/analysis/drift/schema.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_PREFIX = "io.k8s."
_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "a",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "s",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "s",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "a",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "a",
}
_OR_BOOL = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOr"


class Derivation:
    """Walks the definitions from the kinds downwards and keeps the types it meets."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = definitions
        self.types: dict[str, dict[str, Any]] = {}
        self.kinds: dict[str, str] = {}

    def run(self) -> None:
        for name, definition in sorted(self.definitions.items()):
            for gvk in definition.get("x-kubernetes-group-version-kind", []):
                properties = definition.get("properties", {})
                if "metadata" not in properties or gvk["kind"].endswith("List"):
                    continue
                key = f"{gvk['group']}/{gvk['version']}/{gvk['kind']}"
                self.kinds[key] = self.reference(name)

    def reference(self, name: str) -> str:
        short = name.removeprefix(_PREFIX)
        if short not in self.types:
            self.types[short] = {}
            for field, schema in sorted(self.definitions[name].get("properties", {}).items()):
                if field not in {"status", "managedFields"}:
                    self.types[short][field] = self.encode(schema)
        return short

    def encode(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self.encode_reference(schema["$ref"].rsplit("/", 1)[-1])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "array":
            return self.encode_list(schema)
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            atomic = schema.get("x-kubernetes-map-type") == "atomic"
            return ["M" if atomic else "m", self.encode(schema["additionalProperties"])]
        return _SCALARS.get(kind or "", "a")

    def encode_reference(self, name: str) -> Any:
        if name in _SPECIAL:
            return _SPECIAL[name]
        if name.startswith(_OR_BOOL):  # a schema, or in rare cases a boolean or strings
            name = _OR_BOOL.removesuffix("Or")
        definition = self.definitions[name]
        if "properties" in definition:
            return "@" + self.reference(name)
        return self.encode({k: v for k, v in definition.items() if k != "$ref"})

    def encode_list(self, schema: dict[str, Any]) -> Any:
        item = self.encode(schema.get("items", {}))
        list_type = schema.get("x-kubernetes-list-type")
        if list_type == "map":
            return ["k", schema["x-kubernetes-list-map-keys"], item]
        return ["t" if list_type == "set" else "l", item]


def main() -> None:
    loaded = json.loads(Path(sys.argv[1]).read_text())
    derivation = Derivation(loaded.get("definitions") or loaded["$defs"])
    derivation.run()
    json.dump(
        {
            "source": f"Kubernetes {sys.argv[2]} api/openapi-spec/swagger.json (Apache-2.0), "
            "derived by scripts/derive_kubernetes_schema.py",
            "kinds": derivation.kinds,
            "types": derivation.types,
        },
        sys.stdout,
        sort_keys=True,
        separators=(",", ":"),
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
