"""What the schema says of every call: who refuses what, and the headers."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from catalog.api.bodies.contract import ErrorSerializer, InvalidSerializer


def error(words: str, *details: str) -> OpenApiResponse:
    """Return an error of one `detail`, with an example of each of `details`."""
    examples = [OpenApiExample(detail.rstrip("."), {"detail": detail}) for detail in details]
    return OpenApiResponse(ErrorSerializer, description=words, examples=examples)


def invalid(field: str, text: str) -> OpenApiResponse:
    """Return a 422 with an example of a field that is wrong."""
    example = OpenApiExample(text.rstrip("."), {"detail": f"{field}: {text}", "errors": {field: [text]}})
    return OpenApiResponse(
        InvalidSerializer, description="The request is not valid, with the reason", examples=[example]
    )


UNKNOWN_KEY = "This API key is unknown."
NO_TRACK = "You have no track with this musicId."
NO_URL = "You have no callback URL with this id."
NO_DELIVERY = "This URL has no callback with this id."
NO_TASK = "You have no task with this id."
REFUSALS = {
    401: error(
        "The key is missing or expired",
        "Send your API key in the header: Authorization: Bearer <api key>.",
        "This API key has expired. Ask for a new one.",
    ),
    404: error("The key is unknown or revoked", UNKNOWN_KEY),
    429: error(
        "Over the key's calls per minute; see Retry-After", "Request was throttled. Expected available in 17 seconds."
    ),
    503: error(
        "Disk, database or store is not available; see Retry-After",
        "The service is not available at the moment. Try again later.",
    ),
}
NOT_YOURS = {404: error("The caller has no such track; or the key is unknown or revoked", NO_TRACK, UNKNOWN_KEY)}
NO_SUCH_TASK = {404: error("The caller has no such task; or the key is unknown or revoked", NO_TASK, UNKNOWN_KEY)}
CONFLICT = {
    409: error(
        "The first call with this Idempotency-Key is still being answered; see Retry-After",
        "The first call with this key is still being answered. Try again in a moment.",
    )
}
NO_SUCH_URL = {404: error("The caller has no such URL; or the key is unknown or revoked", NO_URL, UNKNOWN_KEY)}
NO_SUCH_DELIVERY = {404: error("The URL has no such callback; or the key is unknown", NO_DELIVERY, NO_URL, UNKNOWN_KEY)}
BEING_SENT = {
    409: error(
        "The callback is being sent at the moment; see Retry-After",
        "The callback is being sent at the moment. Try again when it has ended.",
    )
}
