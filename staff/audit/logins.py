"""Logins, logouts, and failed logins in the audit trail."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from staff.audit import actors
from staff.audit.recording import record
from staff.models import AuditEntry

LOGIN = AuditEntry.Kind.LOGIN


@receiver(user_logged_in)
def logged_in(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    """Record a login."""
    record("login", kind=LOGIN, actor=actors.of_request(request, user))


@receiver(user_logged_out)
def logged_out(request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    """Record a logout."""
    if user:
        record("logout", kind=LOGIN, actor=actors.of_request(request, user))


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record a failed login, unless account or address are locked: then strangers could fill the table."""
    if request is not None and not _was_locked(request):
        name = str(credentials.get("username", ""))[:150]
        record("login_failed", kind=LOGIN, actor=actors.Actor(name, None, actors.address_of(request)))


def _was_locked(request: HttpRequest) -> bool:
    """Tell whether account or address were locked before this attempt, by what axes (which looks first) has counted."""
    failures = getattr(request, "axes_failures_since_start", None) or 0
    return bool(failures > settings.AXES_FAILURE_LIMIT)
