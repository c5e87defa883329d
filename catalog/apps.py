"""The catalog app."""

from django.apps import AppConfig
from django.conf import settings


class CatalogConfig(AppConfig):
    """Tracks, fingerprints, jobs and matches."""

    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Register checks, the API key in the schema, what callbacks link to, and what queues and sweeper do."""
        from django_q.signals import post_spawn  # noqa: PLC0415

        from catalog import checks, tasks  # noqa: F401, PLC0415
        from catalog.api import schema  # noqa: F401, PLC0415
        from catalog.rules.after_check import act_on_new  # noqa: PLC0415
        from catalog.rules.duties import DUTIES as RULES  # noqa: PLC0415
        from catalog.scans.duties import DUTIES as SCANS  # noqa: PLC0415
        from catalog.selectors.tasks import links_of_callback  # noqa: PLC0415
        from catalog.services.duties import DUTIES  # noqa: PLC0415
        from catalog.services.tasks.long_work import is_at_long_work  # noqa: PLC0415
        from catalog.services.tasks.match_rows import matches_stored  # noqa: PLC0415
        from queueing import duties  # noqa: PLC0415
        from queueing.queue_health import register_long_work  # noqa: PLC0415
        from webhooks.services.links import register_finder  # noqa: PLC0415

        register_long_work(cluster=settings.Q_CLUSTER["name"], is_at_it=is_at_long_work)
        register_finder(links_of_callback)
        duties.register(*DUTIES, *SCANS, *RULES)
        matches_stored.connect(act_on_new, dispatch_uid="rules")
        post_spawn.connect(tasks.warm_up, dispatch_uid="catalog-warm-up")
