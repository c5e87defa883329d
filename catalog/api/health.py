"""Whether the site can answer: for load balancers and for whoever waits for it to start."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from catalog.models import IndexClock


def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 when the database answers, 503 when it does not."""
    try:
        IndexClock.objects.exists()
    except DatabaseError:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "ok"})
