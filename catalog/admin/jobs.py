"""Tasks: what was accepted, its outcome, and its callbacks."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.track_columns import Playable, track_column, without_bytes
from catalog.models import Job
from catalog.presentation import wording
from catalog.presentation.relation import answer_words
from catalog.selectors.overview import failed_lately
from catalog.selectors.tasks import task_page
from catalog.selectors.uses import with_uses_found
from catalog.services.errors import TrackGoneError
from catalog.services.tasks import leasing
from catalog.services.tasks.accepting import accept_job
from staff import audit, display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.row_ids import row_id


class LatelyFilter(admin.SimpleListFilter):
    """Filters the tasks that the overview counts."""

    title = "lately"
    parameter_name = "lately"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The one choice."""
        return [("failed", "failed in the last day")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:  # noqa: ARG002
        """Return the tasks that failed lately."""
        return failed_lately(queryset, now=timezone.now()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(Playable, ReadOnlyAdmin):
    """The list of the API's tasks."""

    nothing_yet = "The API creates tasks. You can also select tracks in the track list and check or add them."
    list_display = ("task", "about", "owner", "state", "took", "answer", "accepted")
    wide_columns = ("about", "answer")
    late_columns = ("took",)
    list_filter = (
        LatelyFilter,
        ("status", ChoicesDropdownFilter),
        ("task_name", ChoicesDropdownFilter),
        ("owner", AutocompleteSelectFilter),
        "created_at",
    )
    list_select_related = ("track__client_fingerprint", "owner")
    whole_ids = ("task_id", "track__music_id")
    id_beginnings = ("task_id",)
    search_fields = ("track__words__contains", "words__contains")
    search_help_text = "A task id or its beginning, a musicId, or words of a track or an error"
    fields = ()
    list_before_template = "staff/live_list.html"
    change_form_outer_before_template = "catalog/task.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {
        "run-again": ("run_again", "add_job"),
        "stop": ("stop", "change_job"),
    }
    about = track_column("track", "track")
    accepted = moment_column("created_at", "accepted")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Newest first."""
        jobs = super().get_queryset(request).order_by("-created_at", "-pk")
        return with_uses_found(without_bytes(jobs, "track"))

    @admin.display(description="task", ordering="task_id")
    def task(self, job: Job) -> str:
        """The task's id and kind."""
        return format_html('{}<span class="mf-sub">{}</span>', job.task_id, job.get_task_name_display())

    @admin.display(description="status", ordering="status")
    def state(self, job: Job) -> str:
        """The status as a badge, and the number of attempts if there were several."""
        tries = f"attempt {job.attempts}" if job.attempts > 1 else ""
        return format_html('{}<span class="mf-sub">{}</span>', wording.job_badge(job.status), tries)

    @admin.display(description="took")
    def took(self, job: Job) -> str:
        """The time from accepted to ended."""
        return display.span((job.completed_at - job.created_at).total_seconds() if job.completed_at else None)

    @admin.display(description="answer")
    def answer(self, job: Job) -> str:
        """The outcome in a few words."""
        words = answer_words(job) or display.NOTHING
        return format_html('<span class="mf-cut" title="{}">{}</span>', words, words)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the task's page above its fields."""
        context = {"task": task_page(pk)} if (pk := row_id(object_id)) else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def run_again(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Accept the same again, as a new task of the same account with its own callback."""
        if job.track.removed_at:
            raise TrackGoneError("The track was removed from the catalog.")
        again = accept_job(track=job.track, owner=job.owner, task_name=job.task_name)
        audit.note(task=again.task_id)
        messages.success(request, f"Accepted again as {again.task_id}.")
        return self.back_to(again)

    def stop(self, request: HttpRequest, job: Job) -> HttpResponse:
        """End the task as failed, with a message for its account; its worker notices."""
        progress = f" after {job.progress}" if job.progress else ""
        audit.note(task=job.task_id, progress=job.progress)
        if leasing.stop(job.pk, error=f"A member of staff stopped this task{progress}."):
            messages.success(request, "Stopped. The account gets the callback of a task that failed.")
        else:
            messages.info(request, "The task has ended already.")
        return self.back_to(job)
