"""Calls with a small JSON body, which may be repeated."""

from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.api.idempotency import json_digest
from catalog.api.parsers import SmallJSONParser


class JsonView(APIView):
    """The base of calls with a small JSON body, which may be repeated."""

    parser_classes = [SmallJSONParser]

    def body_digest(self, request: Request) -> str:
        """Return a digest that is equal for bodies with the same content."""
        return json_digest(request.data)
