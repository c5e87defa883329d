"""The queueing app."""

from django.apps import AppConfig


class QueueingConfig(AppConfig):
    """Leases, waits, and the duties of the sweeper."""

    name = "queueing"
