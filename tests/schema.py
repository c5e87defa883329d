"""The published schema, asked for once a run: making it takes a second."""

from functools import cache
from typing import Any

import yaml
from rest_framework.test import APIClient

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def published() -> dict[str, Any]:
    """Return the schema as a client gets it, without a key. Only to be read."""
    found: dict[str, Any] = yaml.load(APIClient().get("/api/schema/").content, Loader=_Loader)  # noqa: S506  (both are safe)
    return found
