"""The staff app."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """Members of staff: for whom they may act, and the trail of what they did."""

    name = "staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        """Listen for logins, and for accounts that a command changes."""
        from staff.audit import accounts, logins  # noqa: F401, PLC0415 - they need the app registry
