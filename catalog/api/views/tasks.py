"""The caller's tasks: how one stands, what it found, and all of them."""

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of, job_of, jobs_of
from catalog.api.bodies.contract import TaskResultSerializer
from catalog.api.bodies.tasks import MatchesSerializer, TaskRowSerializer, unended_body_of
from catalog.api.filters import JobFilters
from catalog.api.openapi import NO_SUCH_TASK, REFUSALS, invalid
from catalog.api.pages import CursorPages
from catalog.models import Job
from catalog.services.tasks.announcing import matches_of
from webhooks.contract import TASK_ID


class TaskResultView(APIView):
    """Tells how a task stands."""

    @extend_schema(
        operation_id="task_result",
        summary="Get the result of a task",
        responses={200: TaskResultSerializer, **REFUSALS, **NO_SUCH_TASK},
        examples=[examples.PENDING, *examples.ENDED],
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer what the callback says, once the task has ended; its state before."""
        job = job_of(request, task_id)
        return Response(job.callback_body if job.has_ended else unended_body_of(job))


class MatchesView(APIView):
    """Tells what a check found."""

    @extend_schema(
        operation_id="task_matches",
        summary="Get every match of a check",
        responses={200: MatchesSerializer, **REFUSALS, **NO_SUCH_TASK},
        examples=[examples.MATCHES],
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer every recording that the check found in the track, the closest first; none before it has ended."""
        job = job_of(request, task_id)
        return Response({"task_id": job.task_id, "status": job.status, "matches": matches_of(job)})


class TasksView(GenericAPIView):
    """Lists tasks."""

    serializer_class = TaskRowSerializer
    pagination_class = CursorPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = JobFilters
    cursor_field = "task_id"
    queryset = Job.objects.none()  # for the schema

    def cursor_rows(self, request: Request, cursor: str) -> QuerySet[Job]:
        """Return the caller's task of this id."""
        jobs = Job.objects.visible_to(account_of(request))
        return jobs.filter(task_id=cursor) if TASK_ID.fullmatch(cursor) else jobs.none()

    @extend_schema(
        operation_id="list_tasks",
        summary="List your tasks, newest first",
        filters=True,
        responses={200: TaskRowSerializer(many=True), **REFUSALS, 422: invalid("status", "Select a valid choice.")},
        examples=[examples.TASK_ROW],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the caller's tasks. One that has ended has all that its callback said."""
        page = self.paginate_queryset(self.filter_queryset(jobs_of(request).as_listed()))
        return self.get_paginated_response(TaskRowSerializer(page, many=True).data)
