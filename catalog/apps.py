"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Tracks, fingerprints, jobs and matches."""

    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Register the system checks, the API key in the schema, and what queue processes do beside tasks."""
        from django_q.signals import post_execute, post_spawn  # noqa: PLC0415

        from catalog import checks, tasks  # noqa: F401, PLC0415
        from catalog.api import schema  # noqa: F401, PLC0415

        post_spawn.connect(tasks.warm_up, dispatch_uid="catalog-warm-up")
        post_execute.connect(tasks.note_acknowledged, dispatch_uid="catalog-note-acknowledged")
