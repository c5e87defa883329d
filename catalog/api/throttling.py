"""Rate limits by key and minute, counted in the database."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from catalog.api.call import call_of
from catalog.api.waiting import was_held
from catalog.models import ApiKey
from catalog.services.rate_limits import Allowance, count_call, current_allowance

if TYPE_CHECKING:  # DRF's views import this module by its settings: importing them here would be a circle
    from rest_framework.views import APIView


class ApiKeyThrottle(BaseThrottle):
    """Counts a call against its key."""

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002  (DRF's signature)
        """Count the call; False if this minute's calls are used up."""
        if not isinstance(request.auth, ApiKey):
            return True
        # A request that was held counted when it came.
        self.allowance = current_allowance(request.auth) if was_held(request) else count_call(request.auth)
        call_of(request).allowance = self.allowance
        return self.allowance.allowed or was_held(request)

    def wait(self) -> float | None:
        """Return the seconds until the next minute begins: `Retry-After`."""
        return self.allowance.wait_s if self.allowance else None
