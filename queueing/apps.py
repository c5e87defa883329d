"""The queueing app."""

from django.apps import AppConfig


class QueueingConfig(AppConfig):
    """Leases, waits, the duties of the sweeper, and the queues with their watch."""

    name = "queueing"

    def ready(self) -> None:
        """Connect to django-q's signals."""
        from django_q.signals import post_execute, post_spawn  # noqa: PLC0415

        from queueing import tasks  # noqa: PLC0415

        post_spawn.connect(tasks.listen_for_the_end, dispatch_uid="queueing-listen-for-the-end")
        post_execute.connect(tasks.note_acknowledged, dispatch_uid="queueing-note-acknowledged")
