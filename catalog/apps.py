"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Tracks, fingerprints, jobs and matches."""

    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Register checks, the API key in the schema, what callbacks link to, and what queues do beside tasks."""
        from django_q.signals import post_execute, post_spawn  # noqa: PLC0415

        from catalog import checks, tasks  # noqa: F401, PLC0415
        from catalog.api import schema  # noqa: F401, PLC0415
        from catalog.selectors.tasks import links_of_callback  # noqa: PLC0415
        from webhooks.services.links import register_finder  # noqa: PLC0415

        register_finder(links_of_callback)
        post_spawn.connect(tasks.warm_up, dispatch_uid="catalog-warm-up")
        post_execute.connect(tasks.note_acknowledged, dispatch_uid="catalog-note-acknowledged")
