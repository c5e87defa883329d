"""Whether this process answers, and whether the whole service works: for load balancers, containers and people."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from fingerprint_site.health import readiness


@csrf_exempt
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 as long as this process answers anything: restart it where it does not."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 when everything that a task needs is there, else 503; either way with what was found, by name."""
    found = readiness.checks()
    good = all(words == readiness.OK for words in found.values())
    return JsonResponse({"status": "ok" if good else "not ready", "checks": found}, status=200 if good else 503)
