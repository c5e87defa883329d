"""django-q's own tables in this admin's look."""

from django.contrib import admin
from django_q.admin import FailAdmin, QueueAdmin
from django_q.admin import ScheduleAdmin as QScheduleAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from catalog.admin.base import CatalogAdmin, ReadOnlyAdmin

for _model in (Success, Failure, OrmQ, Schedule):  # no success is kept
    admin.site.unregister(_model)


@admin.register(Failure)
class FailureAdmin(CatalogAdmin, FailAdmin):
    """Queue entries that raised."""

    list_filter = ("cluster",)


@admin.register(OrmQ)
class WaitingAdmin(CatalogAdmin, QueueAdmin):
    """Queue entries that wait or are being run."""


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin, QScheduleAdmin):
    """Repeated queue entries; this project has a sweeper instead.

    A row names a Python function to call with what arguments: whoever may write one may run anything on this machine.
    """
