"""What was sent to a callback URL of the caller; sent again; its content deleted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import callback_examples as examples
from catalog.api.bodies.callback_deliveries import (
    CountSerializer,
    DeliverySerializer,
    SinceSerializer,
    WholeDeliverySerializer,
    told_delivery,
    told_delivery_whole,
)
from catalog.api.filters import DeliveryFilters
from catalog.api.idempotency import repeatable
from catalog.api.json_view import JsonView
from catalog.api.openapi import BEING_SENT, CONFLICT, NO_DELIVERY, NO_SUCH_DELIVERY, NO_SUCH_URL, REFUSALS, invalid
from catalog.api.pages import CursorPages
from catalog.api.views.callback_urls import endpoint_of
from webhooks import services
from webhooks.services.account_urls import Endpoint, Message, deliveries_of, delivery_of, messages_named

_SINCE = OpenApiParameter("since", OpenApiTypes.DATETIME, required=True, description="Callbacks made then or later")
_BAD_SINCE = invalid("since", "This field is required.")


class BeingSent(APIException):
    """409: a worker is sending the callback."""

    status_code = status.HTTP_409_CONFLICT
    wait = 5


class DeliveriesView(GenericAPIView):
    """Lists callbacks."""

    serializer_class = DeliverySerializer
    pagination_class = CursorPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = DeliveryFilters
    cursor_field = "message_id"
    queryset = Message.objects.none()  # for the schema

    def cursor_rows(self, request: Request, cursor: str) -> QuerySet[Message]:
        """Return the URL's callback of this id."""
        return messages_named(endpoint_of(request, self.kwargs["url_id"]), cursor)

    @extend_schema(
        operation_id="list_callback_deliveries",
        summary="List the callbacks to a URL, newest first",
        filters=True,
        responses={
            200: DeliverySerializer(many=True),
            **REFUSALS,
            **NO_SUCH_URL,
            422: invalid("state", "Select a valid choice."),
        },
        examples=[examples.DELIVERY],
    )
    def get(self, request: Request, url_id: str) -> Response:
        """Answer a page of the URL's callbacks, each with its attempts in short."""
        page = self.paginate_queryset(self.filter_queryset(deliveries_of(endpoint_of(request, url_id)))) or []
        return self.get_paginated_response([told_delivery(message) for message in page])


class DeliveryView(JsonView):
    """One callback."""

    @extend_schema(
        operation_id="get_callback_delivery",
        summary="Get one callback with its body and its attempts",
        responses={200: WholeDeliverySerializer, **REFUSALS, **NO_SUCH_DELIVERY},
        examples=[examples.WHOLE_DELIVERY],
    )
    def get(self, request: Request, url_id: str, message_id: str) -> Response:
        """Answer what was sent and what was answered. Values of the URL's own headers are masked."""
        return Response(told_delivery_whole(_delivery(request, url_id, message_id)))


class ContentView(JsonView):
    """The content of one callback."""

    @extend_schema(
        operation_id="delete_callback_content",
        summary="Delete the content of a callback",
        responses={204: None, **REFUSALS, **NO_SUCH_DELIVERY, **BEING_SENT},
    )
    def delete(self, request: Request, url_id: str, message_id: str) -> Response:
        """Delete the body, and what was sent and answered. That it was sent, when and how it ended, stays."""
        try:
            services.delete_content(message=_delivery(request, url_id, message_id), now=timezone.now())
        except services.BeingSentError as error:
            raise BeingSent(str(error)) from error
        return Response(status=204)


class _AgainView(JsonView):
    """Counts callbacks since a moment, and sends them again."""

    def answer(self, request: Request, url_id: str, data: Any, do: Callable[..., int]) -> Response:
        """Do it for the moment that `data` names."""
        form = SinceSerializer(data=data)
        form.is_valid(raise_exception=True)
        since: datetime = form.validated_data["since"]
        return Response({"count": do(endpoint=endpoint_of(request, url_id), since=since)})


class RecoverView(_AgainView):
    """Those that failed."""

    @extend_schema(
        operation_id="count_failed_callbacks",
        summary="Count the failed callbacks since a moment",
        parameters=[_SINCE],
        responses={200: CountSerializer, **REFUSALS, **NO_SUCH_URL, 422: _BAD_SINCE},
        examples=[examples.COUNT],
    )
    def get(self, request: Request, url_id: str) -> Response:
        """Answer how many `POST` would send again."""
        return self.answer(request, url_id, request.query_params.dict(), services.count_failed)

    @extend_schema(
        operation_id="recover_failed_callbacks",
        summary="Send the failed callbacks since a moment again",
        request=SinceSerializer,
        responses={200: CountSerializer, **REFUSALS, **NO_SUCH_URL, **CONFLICT, 422: _BAD_SINCE},
        examples=[examples.SINCE, examples.COUNT],
    )
    @repeatable()
    def post(self, request: Request, url_id: str) -> Response:
        """Give each a new schedule, under its id, and answer how many; none where the URL is disabled."""
        return self.answer(request, url_id, request.data, services.recover_failed)


class ReplayView(_AgainView):
    """All that ended."""

    @extend_schema(
        operation_id="count_ended_callbacks",
        summary="Count all callbacks since a moment",
        parameters=[_SINCE],
        responses={200: CountSerializer, **REFUSALS, **NO_SUCH_URL, 422: _BAD_SINCE},
        examples=[examples.COUNT],
    )
    def get(self, request: Request, url_id: str) -> Response:
        """Answer how many `POST` would send again."""
        return self.answer(request, url_id, request.query_params.dict(), services.count_ended)

    @extend_schema(
        operation_id="replay_callbacks",
        summary="Send all callbacks since a moment again",
        request=SinceSerializer,
        responses={200: CountSerializer, **REFUSALS, **NO_SUCH_URL, **CONFLICT, 422: _BAD_SINCE},
        examples=[examples.SINCE, examples.COUNT],
    )
    @repeatable()
    def post(self, request: Request, url_id: str) -> Response:
        """Send also what was delivered, under the same ids, and answer how many; none where the URL is disabled."""
        return self.answer(request, url_id, request.data, services.replay)


def _delivery(request: Request, url_id: str, message_id: str) -> Message:
    endpoint: Endpoint = endpoint_of(request, url_id)
    message = delivery_of(endpoint, message_id)
    if message is None:
        raise NotFound(NO_DELIVERY)
    return message
