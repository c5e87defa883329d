"""django-q's own tables in this admin's look."""

from django.conf import settings
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_q.admin import FailAdmin, QueueAdmin, resubmit_task
from django_q.admin import ScheduleAdmin as QScheduleAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from staff.admin.base import ReadOnlyAdmin, StaffAdmin
from staff.admin.columns import moment_column
from staff.admin.large_tables import known_values_filter

for _model in (Success, Failure, OrmQ, Schedule):  # no success is kept
    admin.site.unregister(_model)


@admin.register(Failure)
class FailureAdmin(StaffAdmin, FailAdmin):  # type: ignore[misc]
    """Queue entries that raised an error. Staff run them again or delete them, and change nothing else."""

    list_display = ("name", "group", "func", "cluster", "begun", "ended", "short_result")
    list_filter = (known_values_filter("cluster", lambda: settings.QUEUE_CLUSTERS),)
    fields = (
        *("id", "name", "func", "hook", "args", "kwargs", "result", "group", "cluster", "begun", "ended"),
        *("success", "attempt_count"),
    )
    begun = moment_column("started", "started")
    ended = moment_column("stopped", "stopped")
    actions = ("run_again",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes what happened."""
        return False

    def has_run_again_permission(self, request: HttpRequest) -> bool:
        """Require what changing would: django-q's own action requires nothing."""
        return request.user.has_perm("django_q.change_failure")

    @admin.action(description="Run again", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Failure]) -> None:
        """Put each selected entry back in its queue."""
        resubmit_task(self, request, queryset)


@admin.register(OrmQ)
class WaitingAdmin(StaffAdmin, QueueAdmin):  # type: ignore[misc]
    """Queue entries that wait or run."""

    list_display = ("id", "key", "name", "group", "func", "locked", "task_id")
    list_filter = (known_values_filter("key", lambda: settings.QUEUE_CLUSTERS),)
    locked = moment_column("lock", "lock")


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin, QScheduleAdmin):  # type: ignore[misc]
    """Repeated queue entries; this project has a sweeper instead.

    A row names a Python function to call with what arguments: whoever may write one may run anything on this machine.
    """

    list_display = (
        *("id", "name", "func", "schedule_type", "repeats", "cluster", "due"),
        *("get_last_run", "get_success"),
    )
    list_filter = ()
    due = moment_column("next_run", "next run")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Show the next run as every other time is shown."""
        return ["due" if name == "next_run" else name for name in super().get_fields(request, obj)]
