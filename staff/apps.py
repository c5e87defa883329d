"""The staff app."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class StaffAdminConfig(admin.AdminConfig):
    """Django's admin with this project's own site class."""

    default = False
    default_site = "staff.site.StaffSite"


class StaffConfig(AppConfig):
    """Members of staff: for whom they may act, and the audit trail of what they did."""

    default = True
    name = "staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        """Listen for logins, and for accounts that a command changes."""
        from staff.audit import accounts, logins  # noqa: F401, PLC0415 - they need the app registry
