"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Tracks, fingerprints, jobs and matches."""

    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Register the system checks and the API key in the schema."""
        from catalog import checks  # noqa: F401, PLC0415
        from catalog.api import schema  # noqa: F401, PLC0415
