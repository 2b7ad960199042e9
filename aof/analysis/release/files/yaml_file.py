"""Chart.yaml: `version` of the chart and `appVersion` of what it installs, separately."""

from __future__ import annotations

from aof.analysis.release.files.located import Located, at, decoded, not_found
from aof.errors import UsageFault

FIELDS = {
    "version": ("version",),
    "appVersion": ("appVersion",),
    "both": ("version", "appVersion"),
}


def locate_chart(content: bytes, path: str, field: str) -> list[Located]:
    """The places `field` names: `version`, `appVersion` or `both`; `version` if it is alone.

    Raises:
        UsageFault: The field is not said, missing, or not one line of text.
    """
    import yaml

    text = decoded(content, path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageFault(f"{path} is not YAML", why=str(error), file=path) from None
    entries = root.value if isinstance(root, yaml.MappingNode) else []
    nodes = {key.value: value for key, value in entries}
    if field not in FIELDS and (field or "appVersion" in nodes):
        raise UsageFault(
            f"{path} holds two versions, and it is not said which follows the release",
            why="`version` is the chart's own, `appVersion` that of the application",
            fix="set field: version, appVersion or both, next to the path",
            file=path,
        )
    places = []
    for name in FIELDS[field or "version"]:
        node = nodes.get(name)
        if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
            raise not_found(path, f"{name} in one line")
        quote = 1 if node.style else 0
        start = node.start_mark.index + quote
        places.append(at(text, start, node.end_mark.index - quote, name=name))
    return places
