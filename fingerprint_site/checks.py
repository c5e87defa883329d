"""System checks of how the site is reached: what is fine on this machine alone is said where others reach it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from fingerprint_site.log_settings import DESTINATIONS

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@register()
def debug_stays_at_home(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Debug pages show settings and source code: to nobody but this machine."""
    if not settings.DEBUG or settings.HOST in _LOOPBACK:
        return []
    return [Error(f"DEBUG is on while HOST is {settings.HOST}.", hint="Set DEBUG=false.", id="site.E001")]


@register()
def limits_of_logins_and_https(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The numbers make sense."""
    ranges = {"LOGIN_FAILURES": (1, 1000), "LOGIN_LOCK_MINUTES": (1, 10_080), "SESSION_HOURS": (1, 8760)}
    return [
        Error(f"{name} must be from {least} to {most}.", hint="See docs/settings.md.", id="site.E002")
        for name, (least, most) in ranges.items()
        if not least <= getattr(settings, name) <= most
    ]


@register()
def logs_have_a_place(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Logs go where they can go, and to files of a size."""
    found = []
    if settings.LOG_TO not in DESTINATIONS:
        found.append(f"LOG_TO must be one of {', '.join(DESTINATIONS)}, not {settings.LOG_TO!r}.")
    if not 0.01 <= settings.LOG_FILE_MB <= 10_000:
        found.append("LOG_FILE_MB must be from 0.01 to 10000.")
    if not 1 <= settings.LOG_FILES_KEPT <= 1000:
        found.append("LOG_FILES_KEPT must be from 1 to 1000.")
    return [Error(words, hint="See docs/settings.md.", id="site.E004") for words in found]


@register(deploy=True)
def hosts_are_named(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A site that others reach names its hosts."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Warning("Every Host header is answered.", hint="Set ALLOWED_HOSTS or PUBLIC_URL.", id="site.W001")]


@register("staff")
def actions_name_their_permission(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Every action of every list says what it takes: Django offers one that does not to everybody who may look."""
    return [
        Error(
            f"The action {name} of {model._meta.label} names no permission.",  # noqa: SLF001  (documented)
            hint="@admin.action(permissions=[…])",
            id="site.E003",
        )
        for model, model_admin in admin.site._registry.items()  # noqa: SLF001  (nothing public lists it)
        for action, name, _ in model_admin._get_base_actions()  # type: ignore[attr-defined]  # noqa: SLF001
        if not getattr(action, "allowed_permissions", None)
    ]
