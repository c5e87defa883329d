"""How long entries are kept. Only this deletes entries."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from staff.models import AuditEntry


def old_entries(now: datetime) -> QuerySet[AuditEntry]:
    """Return the entries that are old enough to delete, in a query set that can."""
    return QuerySet(AuditEntry).filter(at__lt=now - timedelta(days=settings.AUDIT_RETENTION_DAYS)).order_by("at")
