"""Grafana's data frames: columns that are either time series or a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_ROWS = 1000

Frames = tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]


def frames_of(result: Mapping[str, Any]) -> Frames:
    """The frames of one query's result.

    Args:
        result: `frames`, each with `schema.fields` and `data.values` (a list per column;
            times are milliseconds).

    Returns:
        Series (name, labels, values [[unix seconds, number]]), tables (name, columns, rows;
        the first 1000) and what the data source noted.
    """
    series: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    warnings: list[str] = []
    for frame in result.get("frames") or []:
        schema = frame.get("schema") or {}
        fields = schema.get("fields") or []
        columns = (frame.get("data") or {}).get("values") or [[] for _ in fields]
        notices = (schema.get("meta") or {}).get("notices") or []
        warnings += [str(notice.get("text", "")) for notice in notices]
        kinds = [field.get("type") for field in fields]
        if kinds[:1] == ["time"] and set(kinds[1:]) == {"number"}:
            series += _series(schema, fields, columns)
        elif fields:
            rows = [list(row) for row in zip(*columns, strict=False)]
            tables.append(
                {
                    "name": schema.get("name"),
                    "columns": [field.get("name") for field in fields],
                    "rows": rows[:_MOST_ROWS],
                }
            )
            if len(rows) > _MOST_ROWS:
                warnings.append(f"{len(rows) - _MOST_ROWS} of {len(rows)} rows are left out")
    return series, tables, warnings


def _series(
    schema: Mapping[str, Any], fields: list[dict[str, Any]], columns: list[list[Any]]
) -> list[dict[str, Any]]:
    times = [moment / 1000 for moment in columns[0]]
    return [
        {
            "name": (field.get("config") or {}).get("displayNameFromDS")
            or schema.get("name")
            or field.get("name"),
            "labels": field.get("labels") or {},
            "values": [list(pair) for pair in zip(times, numbers, strict=False)],
        }
        for field, numbers in zip(fields[1:], columns[1:], strict=False)
    ]
