"""The caller's callback URLs: list, add, change, remove; verify, test, and their secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import callback_examples as examples
from catalog.api.base import account_of, uuid_of
from catalog.api.bodies.callback_urls import (
    NewUrlSerializer,
    SecretSerializer,
    SentTestSerializer,
    UrlAnswerSerializer,
    UrlChangeSerializer,
    UrlSerializer,
    told,
    told_secret,
)
from catalog.api.filters import UrlFilters
from catalog.api.idempotency import keep_answer, repeatable
from catalog.api.json_view import JsonView
from catalog.api.openapi import CONFLICT, NO_SUCH_URL, NO_URL, REFUSALS, invalid
from catalog.api.pages import CursorPages
from webhooks import services
from webhooks.services.account_urls import (
    Endpoint,
    UrlRefusedError,
    add_url,
    change_url,
    remove_url,
    url_of,
    urls_and_losses_of,
)

NO_STORE = {"Cache-Control": "no-store"}
NOT_OPEN = "The URL is not verified, or it is disabled."
UNREADABLE = "The secret cannot be read any more. Rotate it."
IDEMPOTENCY_KEY_INVALID = invalid("Idempotency-Key", "This must be 1 to 255 printable ASCII characters, no spaces.")
_OF_ONE = {**REFUSALS, **NO_SUCH_URL}
_POSTED = {**_OF_ONE, **CONFLICT}
_BAD_URL = invalid("url", "The URL has no host.")


def endpoint_of(request: Request, url_id: str) -> Endpoint:
    """Return one of the caller's callback URLs. Raises `NotFound` for any other, whether it is there or not."""
    public_id = uuid_of(url_id)
    endpoint = url_of(account_of(request), public_id) if public_id else None
    if endpoint is None:
        raise NotFound(NO_URL)
    return endpoint


@contextmanager
def _refusals_as_422() -> Iterator[None]:
    """Answer what the services refuse by the member that is wrong."""
    try:
        yield
    except (UrlRefusedError, services.TooManyUrlsError) as error:
        raise ValidationError({"url": [str(error)]}) from error
    except services.ChoicesInvalidError as error:
        raise ValidationError(error.errors) from error


def _challenge(endpoint: Endpoint) -> Endpoint:
    """Challenge a URL; how it went is in its row, and so in the answer."""
    try:
        return services.verify_endpoint(endpoint=endpoint)
    except services.VerificationFailedError:
        return endpoint


class CallbackUrlsView(JsonView, GenericAPIView):
    """Lists and takes callback URLs."""

    serializer_class = UrlAnswerSerializer
    pagination_class = CursorPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = UrlFilters
    cursor_field = "public_id"
    queryset = Endpoint.objects.none()  # for the schema

    def cursor_rows(self, request: Request, cursor: str) -> QuerySet[Endpoint]:
        """Return the caller's URL of this id, also a removed one."""
        public_id, urls = uuid_of(cursor), Endpoint.objects.filter(owner=account_of(request))
        return urls.filter(public_id=public_id) if public_id else urls.none()

    @extend_schema(
        operation_id="list_callback_urls",
        summary="List your callback URLs, newest first",
        responses={200: UrlAnswerSerializer(many=True), **REFUSALS, 422: invalid("limit", "This must be a number.")},
        examples=[examples.URL],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the caller's callback URLs, each with its state."""
        page = self.paginate_queryset(self.filter_queryset(urls_and_losses_of(account_of(request)))) or []
        return self.get_paginated_response([told(endpoint) for endpoint in page])

    @extend_schema(
        operation_id="add_callback_url",
        summary="Add a callback URL",
        request=UrlSerializer,
        responses={200: NewUrlSerializer, **REFUSALS, **CONFLICT, 422: _BAD_URL},
        examples=[examples.NEW_URL, examples.ADDED_URL],
    )
    @repeatable(in_one_transaction=False)
    def post(self, request: Request) -> Response:
        """Store the URL and send it the challenge. Callbacks go there once it has answered; `verified` says whether."""
        form = UrlSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        with _refusals_as_422():
            endpoint = add_url(owner=account_of(request), url=data["url"], secret=data.get("secret"), **form.choices())
        endpoint = _challenge(endpoint)
        answer = told(endpoint)
        keep_answer(request, answer | {"secret": None})  # a secret is stored in one place, and sealed there
        return Response(answer | {"secret": services.endpoint_secret(endpoint=endpoint)}, headers=NO_STORE)


class CallbackUrlView(JsonView):
    """One of the caller's callback URLs."""

    @extend_schema(
        operation_id="get_callback_url",
        summary="Get one of your callback URLs",
        responses={200: UrlAnswerSerializer, **_OF_ONE},
        examples=[examples.URL],
    )
    def get(self, request: Request, url_id: str) -> Response:
        """Answer the URL, what it is told of, and how it stands."""
        return Response(told(endpoint_of(request, url_id)))

    @extend_schema(
        operation_id="change_callback_url",
        summary="Change a callback URL",
        request=UrlChangeSerializer,
        responses={200: UrlAnswerSerializer, **_OF_ONE, 422: _BAD_URL},
        examples=[examples.URL_CHANGE, examples.URL],
    )
    def patch(self, request: Request, url_id: str) -> Response:
        """Set what is sent; what is left out stays. A new address is challenged, and used once it has answered."""
        endpoint = endpoint_of(request, url_id)
        form = UrlChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        with _refusals_as_422():
            is_new = change_url(endpoint=endpoint, url=data.get("url"), **form.choices())
        if data.get("enabled") is False:
            reason = "The account disabled it."
            services.disable_endpoint(endpoint=endpoint, reason=reason, now=timezone.now(), by_owner=True)
        elif is_new or (data.get("enabled") and endpoint.disabled_at):
            _challenge(endpoint)
        return Response(told(endpoint_of(request, url_id)))

    @extend_schema(
        operation_id="delete_callback_url",
        summary="Remove a callback URL",
        responses={204: None, **_OF_ONE},
    )
    def delete(self, request: Request, url_id: str) -> Response:
        """Send nothing more to the URL; what waits for it fails. Staff still see what was sent."""
        remove_url(endpoint=endpoint_of(request, url_id), now=timezone.now())
        return Response(status=204)


class VerifyView(JsonView):
    """Challenges a URL."""

    @extend_schema(
        operation_id="verify_callback_url",
        summary="Send the challenge again",
        request=None,
        responses={200: UrlAnswerSerializer, **_POSTED, 422: IDEMPOTENCY_KEY_INVALID},
        examples=[examples.URL],
    )
    @repeatable(in_one_transaction=False)
    def post(self, request: Request, url_id: str) -> Response:
        """Challenge the new URL, or the one in use. An answer verifies and enables it and ends a pause."""
        return Response(told(_challenge(endpoint_of(request, url_id))))


class TestView(JsonView):
    """Sends a test."""

    @extend_schema(
        operation_id="test_callback_url",
        summary="Send a test callback",
        request=None,
        responses={200: SentTestSerializer, **_POSTED, 422: invalid("url", NOT_OPEN)},
        examples=[examples.TEST_SENT],
    )
    @repeatable()
    def post(self, request: Request, url_id: str) -> Response:
        """Queue a callback with the body of an add that ended, under a task id that no task has."""
        endpoint = endpoint_of(request, url_id)
        if not endpoint.is_deliverable:
            raise ValidationError({"url": [NOT_OPEN]})
        return Response({"message_id": services.send_test(endpoint=endpoint).message_id})


class SecretView(JsonView):
    """The secret."""

    @extend_schema(
        operation_id="get_callback_secret",
        summary="Get the secret of a callback URL",
        responses={200: SecretSerializer, **_OF_ONE, 422: invalid("secret", UNREADABLE)},
        examples=[examples.SECRET],
    )
    def get(self, request: Request, url_id: str) -> Response:
        """Answer the secret that signs now, and the public keys of an ed25519 URL."""
        try:
            return Response(told_secret(endpoint_of(request, url_id)), headers=NO_STORE)
        except services.SecretUnreadableError as error:
            raise ValidationError({"secret": [UNREADABLE]}) from error


class RotateView(JsonView):
    """Makes a new secret."""

    @extend_schema(
        operation_id="rotate_callback_secret",
        summary="Make a new secret",
        request=None,
        responses={200: SecretSerializer, **_POSTED, 422: invalid("secret", "The secret was rotated a moment ago.")},
        examples=[examples.SECRET],
    )
    @repeatable()
    def post(self, request: Request, url_id: str) -> Response:
        """Sign with a new secret from now on, and with the one before as well for a day."""
        endpoint = endpoint_of(request, url_id)
        try:
            services.rotate_secret(endpoint=endpoint)
        except services.RotatedMeanwhileError as error:
            raise ValidationError({"secret": [str(error)]}) from error
        answer = told_secret(endpoint)
        keep_answer(request, answer | {"secret": None})
        return Response(answer, headers=NO_STORE)
