"""The webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Callback URLs and the callbacks sent to them; sources and the callbacks that they sent."""

    name = "webhooks"
    verbose_name = "Callbacks"

    def ready(self) -> None:
        """Register the system checks, and what the sweeper does for callbacks."""
        from queueing import duties  # noqa: PLC0415
        from webhooks import checks  # noqa: F401, PLC0415 - checks need the app registry
        from webhooks.services import note_states, sweep_due_messages  # noqa: PLC0415

        duties.register(duties.Duty("queue due callbacks", sweep_due_messages, 0.0, longest_s=duties.SWEEPING_AGAIN_S))
        duties.register(duties.Duty("note the states of callback URLs", note_states, 60.0, longest_s=3600.0))
