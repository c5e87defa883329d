"""Bearer keys: 401 without one or with an expired one, 404 with an unknown one, as the contract says."""

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.request import Request

from catalog.api.call import call_of
from catalog.models import ApiKey
from catalog.services import api_keys, rate_limits


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <api key>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey]:
        """Return the account and its key.

        Raises:
            NotAuthenticated: 401, no `Bearer` header.
            NotFound: 404, the key is unknown or revoked.
            AuthenticationFailed: 401, the key is expired.

        """
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise NotAuthenticated("Send your API key in the header: Authorization: Bearer <api key>.")
        key = api_keys.find_key(parts[1].decode("utf-8", "replace"))
        if key is None:
            raise NotFound("This API key is unknown.")
        if api_keys.is_expired(key):
            # Its limit goes in the headers; the call is not counted.
            call_of(request).allowance = rate_limits.current_allowance(key)
            raise AuthenticationFailed("This API key has expired. Ask for a new one.")
        api_keys.note_use(key)
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  (DRF's signature)
        """Return `WWW-Authenticate`, whose presence makes DRF answer 401 and not 403."""
        return "Bearer"
