"""Who may see staff pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> User:
    """Return the account that is logged in; behind `staff_only` or the admin there always is one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def staff_only(*permissions: str) -> Callable[[View[P]], View[P]]:
    """Let active staff with `permissions` in; send nobody-in-particular to the login page, refuse all others."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not (request.user.is_active and request.user.is_staff and request.user.has_perms(permissions)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard
