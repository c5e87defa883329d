"""The incoming endpoint: reads a request and leaves the rest to the service."""

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from webhooks.services.incoming import Arrival, RefusedError, receive
from webhooks.storable import storable


@csrf_exempt  # callers are machines that sign; there is no session to ride on
def incoming(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer `POST /webhooks/incoming/<slug>/`: 200 stored or challenge, 401, 404, 405, 422."""
    if request.method != "POST":
        return JsonResponse({"detail": "This address accepts only POST."}, status=405, headers={"Allow": "POST"})
    arrival = Arrival(
        slug=storable(slug),
        body=_read_capped(request),
        headers={name.lower(): value for name, value in request.headers.items()},
        remote_address=request.META.get("REMOTE_ADDR", ""),
    )
    try:
        return JsonResponse(receive(arrival=arrival).answer)
    except RefusedError as refusal:
        answer: dict[str, object] = {"detail": refusal.detail}
        if refusal.errors is not None:
            answer["errors"] = refusal.errors
        return JsonResponse(answer, status=refusal.status)


def _read_capped(request: HttpRequest) -> bytes:
    """Return the body, one byte past the cap at most: what is larger never gets into memory."""
    try:
        body: bytes = request.read(settings.WEBHOOK_MAX_BODY_KB * 1024 + 1)
    except (OSError, BadRequest):  # the sender went away half-way, or its chunks are none
        return b""
    return body
