"""Calls with a small JSON body, which may be repeated."""

from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.api.idempotency import json_digest
from catalog.api.parsers import SmallJSONParser


class JsonView(APIView):
    """What such calls share."""

    parser_classes = [SmallJSONParser]

    def body_digest(self, request: Request) -> str:
        """Return what two bodies of the same content have in common."""
        return json_digest(request.data)
