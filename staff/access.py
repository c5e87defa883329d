"""Who may see staff pages, and how a person returns after logging in again."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
# Where a form leads back to: a page that shows what was sent and did not get through, to be sent again.
ComesBack = Callable[..., str]
READING = ("GET", "HEAD")


def person(request: HttpRequest) -> User:
    """Return the account that is logged in; behind `staff_only` or in the admin there always is one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def staff_only(*permissions: str, comes_back: ComesBack | None = None) -> Callable[[View[P]], View[P]]:
    """Let active staff with `permissions` in; send strangers to the login page, and refuse all others.

    After the login a form whose session had ended leads to the page that `comes_back` names from the same arguments,
    or to the page that sent it: the address of a form is no page.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request, _place(request, comes_back, *args, **kwargs))
            if not (request.user.is_active and request.user.is_staff and request.user.has_perms(permissions)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard


def is_asked_by_script(request: HttpRequest) -> bool:
    """Tell whether one of our scripts sent this and reads JSON."""
    return request.headers.get("Accept") == "application/json"


def page_before(request: HttpRequest) -> str:
    """Return the page of this site that sent a form; the overview if the browser does not say."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return reverse("admin:index")
    parts = urlsplit(referer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _place(request: HttpRequest, comes_back: ComesBack | None, *args: Any, **kwargs: Any) -> str:
    if request.method in READING:
        return request.get_full_path()
    return comes_back(request, *args, **kwargs) if comes_back else page_before(request)


def _to_login(request: HttpRequest, place: str) -> HttpResponseBase:
    answer = redirect_to_login(place, reverse("admin:login"))
    return JsonResponse({"login": answer["Location"]}, status=401) if is_asked_by_script(request) else answer
