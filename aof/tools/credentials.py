"""HTTP headers that carry a token or a user's password."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def authorization(settings: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The `authorization` header from `PREFIX_USERNAME` or else `PREFIX_TOKEN`.

    With a user name, the password is `PREFIX_PASSWORD` or, where servers take a token in its
    place, `PREFIX_TOKEN`. Empty when nothing is set.
    """
    token = settings.get(f"{prefix}_TOKEN", "")
    user = settings.get(f"{prefix}_USERNAME", "")
    if user:
        pair = f"{user}:{settings.get(f'{prefix}_PASSWORD') or token}"
        return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {"authorization": f"Bearer {token}"} if token else {}
