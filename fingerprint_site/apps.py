"""The site itself, for its commands and checks."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Settings, commands that run the site, checks of how it is set up."""

    name = "fingerprint_site"

    def ready(self) -> None:
        """Register the system checks."""
        from fingerprint_site import checks  # noqa: F401, PLC0415
