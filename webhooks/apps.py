"""The webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Endpoints and their deliveries; sources and what they sent."""

    name = "webhooks"
    verbose_name = "Callbacks"

    def ready(self) -> None:
        """Register the system checks."""
        from webhooks import checks  # noqa: F401, PLC0415 - checks need the app registry
