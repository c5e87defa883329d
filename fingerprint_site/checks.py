"""System checks of how the site is reached: what is fine on this machine alone is said where others reach it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from fingerprint_site.declared import BY_NAME
from fingerprint_site.log_settings import DESTINATIONS

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@register("site")
def debug_stays_at_home(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Debug pages show settings and source code: to nobody but this machine."""
    if not settings.DEBUG or settings.HOST in _LOOPBACK:
        return []
    return [Error(f"DEBUG is on while HOST is {settings.HOST}.", hint="Set DEBUG=false.", id="site.E001")]


@register("site")
def numbers_lie_in_their_ranges(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Every number that is declared with a range lies in it."""
    return [
        Error(
            f"{name} is {getattr(settings, name)}; it must be from {declared.least:g} to {declared.most:g}.",
            hint="See docs/settings.md.",
            id="site.E002",
        )
        for name, declared in BY_NAME.items()
        if declared.least is not None
        and declared.most is not None
        and not declared.least <= getattr(settings, name) <= declared.most
    ]


@register("site")
def logs_have_a_place(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Logs go where they can go."""
    if settings.LOG_TO in DESTINATIONS:
        return []
    words = f"LOG_TO must be one of {', '.join(DESTINATIONS)}, not {settings.LOG_TO!r}."
    return [Error(words, hint="See docs/settings.md.", id="site.E004")]


@register(deploy=True)
def hosts_are_named(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A site that others reach names its hosts."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Warning("The site answers every Host header.", hint="Set ALLOWED_HOSTS or PUBLIC_URL.", id="site.W001")]


@register("staff")
def actions_name_their_permission(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Every action of every list says what it takes: Django offers one that does not to everybody who may look."""
    return [
        Error(
            f"The action {name} of {model._meta.label} declares no permission.",  # noqa: SLF001  (documented)
            hint="@admin.action(permissions=[…])",
            id="site.E003",
        )
        for model, model_admin in admin.site._registry.items()  # noqa: SLF001  (nothing public lists it)
        for action, name, _ in model_admin._get_base_actions()  # type: ignore[attr-defined]  # noqa: SLF001
        if not getattr(action, "allowed_permissions", None)
    ]
