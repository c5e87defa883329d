"""Which URLs callbacks may go to, and an HTTP session that enforces it.

This module checks the URL's text. AntiSSRF checks all addresses of its host at the moment of connecting, and connects
to the very address that it checked, so a second DNS answer changes nothing.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from AntiSSRF import AntiSSRFError, AntiSSRFPolicy, PolicyConfigOptions
from django.conf import settings
from requests.adapters import HTTPAdapter

from webhooks import look_up

MAX_URL_CHARACTERS = 2000
# IPv4 in two old IPv6 dresses that AntiSSRF 1.0 lets pass: compatible, and translated (RFC 2765), which a gateway maps.
_MORE_DENIED = ["::/96", "::ffff:0:0:0/96"]
_PRIVATE = "The URL's host has a private or reserved address (exceptions: the setting WEBHOOK_ALLOWED_PRIVATE_HOSTS)."
_DEFAULT_PORTS = {"http": 80, "https": 443}


class UrlRefusedError(Exception):
    """Callbacks may not go to this URL; the message says why, for a person."""


def check_url(url: str) -> SplitResult:
    """Return the parts of `url`.

    Raises:
        UrlRefusedError: for its text alone: another scheme, credentials, no host, control characters.

    """
    if len(url) > MAX_URL_CHARACTERS:
        raise UrlRefusedError(f"The URL is longer than {MAX_URL_CHARACTERS} characters.")
    if any(character.isspace() or not character.isprintable() for character in url) or "\\" in url:
        raise UrlRefusedError("The URL contains spaces, backslashes or control characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefusedError("This is not a URL.") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise UrlRefusedError("Only http:// and https:// URLs can be called.")
    if parts.username is not None or parts.password is not None:
        raise UrlRefusedError("The URL must not contain a user name or password.")
    if not parts.hostname or port == 0:
        raise UrlRefusedError("The URL has no host.")
    return parts


def is_allowed_private(parts: SplitResult) -> bool:
    """Tell whether the deployment's allow-list has this host and port."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}" in settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS


def guarded_session(url: str) -> requests.Session:
    """Return a session for `url` alone that connects to no private, reserved or metadata address.

    Raises:
        UrlRefusedError: as `check_url`; sending raises it too, if the host's addresses are refused.

    """
    parts = check_url(url)
    allowed = is_allowed_private(parts)
    policy = AntiSSRFPolicy(PolicyConfigOptions.NONE if allowed else PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    if not allowed:
        policy.add_denied_addresses(_MORE_DENIED)
    policy.allow_plain_text_http = True
    policy.add_xff_header = False
    session: requests.Session = policy.get_antissrf_session()
    # Told not to follow a redirect, requests reads all of its body and takes its target apart all the same.
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]  # noqa: ARG005
    session.trust_env = False  # no proxy (it would resolve the name again), no .netrc
    for prefix in ("http://", "https://"):
        # Each adapter gets a class made from the one AntiSSRF mounted: its Host header and patience are put right.
        guarded: HTTPAdapter = session.get_adapter(prefix)  # type: ignore[assignment]
        session.mount(prefix, _with_full_host(guarded, policy))
    return session


def check_address(url: str) -> None:
    """Raise UrlRefusedError if callbacks to `url` would be refused now, for its text or for its host's addresses.

    It looks the name up: never call it inside a transaction. It accepts a name that is unknown now, or whose servers
    do not answer in time: the challenge will say so.
    """
    session = guarded_session(url)
    try:
        request = session.prepare_request(requests.Request("POST", url))
        # What `send` does before it connects.
        session.get_adapter(url).build_connection_pool_key_attributes(request, verify=True)  # type: ignore[attr-defined]
    except requests.exceptions.InvalidURL as error:
        raise UrlRefusedError("The URL's host is not a host name.") from error
    except AntiSSRFError as error:
        raise UrlRefusedError(_PRIVATE) from error
    except (OSError, ValueError):
        return


def _with_full_host(guarded: HTTPAdapter, policy: AntiSSRFPolicy) -> HTTPAdapter:
    class FullHostAdapter(type(guarded)):  # type: ignore[misc]
        """AntiSSRF 1.0 sends `Host` without the port; receivers on other ports need the whole of it.

        It looks the name up without an end: `LOOKED_UP_S` is the end here, and never more than an attempt may take.
        """

        def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
            build = super().build_connection_pool_key_attributes
            seconds = min(look_up.LOOKED_UP_S, settings.WEBHOOK_TIMEOUT_SECONDS)
            return look_up.looked_up(lambda: build(*args, **kwargs), seconds=seconds)

        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            try:
                response: requests.Response = super().send(*args, **kwargs)
            except AntiSSRFError as error:
                raise UrlRefusedError(_PRIVATE) from error
            return response

        def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
            super().add_headers(request, **kwargs)
            request.headers["Host"] = _host_header(urlsplit(request.url or ""))

    adapter: HTTPAdapter = FullHostAdapter(policy)
    return adapter


def _host_header(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"
