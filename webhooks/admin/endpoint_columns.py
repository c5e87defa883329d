"""The columns of the list of callback URLs."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.display import moment, number, share_of, span_ms
from webhooks.admin.base import CallbackAdmin
from webhooks.cells import candidate, endpoint_state, short_url
from webhooks.models import Endpoint, Message
from webhooks.selectors import typical_ms, with_last_deliveries
from webhooks.services.history import LATELY, ON_ITS_WAY, failing, given_up
from webhooks.services.standing import standing_of

_OF_ONE = Message.objects.filter(endpoint=OuterRef("pk"))


def _count(messages_of_one: QuerySet[Message]) -> Coalesce:
    counted = messages_of_one.order_by().values("endpoint").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class NeedsFilter(admin.SimpleListFilter):
    """Filters the URLs that need somebody, as the overview counts them."""

    title = "needs somebody"
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The one choice."""
        return [("yes", "failing or not verified")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> QuerySet[Endpoint]:  # noqa: ARG002
        """Return the URLs that fail, are disabled, or keep callbacks waiting."""
        return failing(queryset) if self.value() else queryset


class EndpointColumns(CallbackAdmin):
    """How reliable each URL is; the list's one query counts it."""

    list_display = ["address", "owner", "state", "success_rate", "answers_in", "last_success", "waiting", "failed"]
    wide_columns = ("address",)
    late_columns = ("answers_in",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """Count the recent messages of each URL in the list's one query, each count by an index."""
        queryset: QuerySet[Endpoint] = with_last_deliveries(super().get_queryset(request))
        now = timezone.now()
        delivered = _OF_ONE.filter(state=Message.State.DELIVERED, delivered_at__gte=now - LATELY)
        next_one = _OF_ONE.filter(state=Message.State.PENDING).order_by("next_attempt_at")
        return queryset.annotate(
            delivered_count=_count(delivered),
            failed_count=_count(given_up(_OF_ONE, now=now)),
            waiting_count=_count(_OF_ONE.filter(ON_ITS_WAY)),
            next_try_at=Subquery(next_one.values("next_attempt_at")[:1]),
        )

    @admin.display(description="URL", ordering="url")
    def address(self, endpoint: Endpoint) -> SafeString:
        """The URL's name and the URL, cut to fit, with all of it on hover, and the candidate that is to replace it."""
        name = format_html("<strong>{}</strong><br>", endpoint.name) if endpoint.name else ""
        return format_html(
            '{}<span title="{}" class="whitespace-nowrap">{}</span>{}',
            name,
            endpoint.url,
            short_url(endpoint.url),
            candidate(endpoint),
        )

    @admin.display(description="State")
    def state(self, endpoint: Endpoint) -> SafeString:
        """Whether callbacks go there."""
        lost_count: int = endpoint.failed_count  # type: ignore[attr-defined]
        return endpoint_state(standing_of(endpoint, now=timezone.now(), lost_count=lost_count))

    @admin.display(description=f"Delivered, {LATELY.days} d")
    def success_rate(self, endpoint: Endpoint) -> str:
        """The share of ended messages that were delivered."""
        delivered: int = endpoint.delivered_count  # type: ignore[attr-defined]
        ended: int = delivered + endpoint.failed_count  # type: ignore[attr-defined]
        return share_of(delivered, ended)

    @admin.display(description="Answer")
    def answers_in(self, endpoint: Endpoint) -> str:
        """The median time to the response that accepted a callback, among the newest hundred."""
        return span_ms(typical_ms(endpoint.answered_ms))  # type: ignore[attr-defined]

    @admin.display(description="Last success", ordering="last_delivered_at")
    def last_success(self, endpoint: Endpoint) -> SafeString | str:
        """When a callback was last accepted."""
        return moment(endpoint.last_delivered_at)  # type: ignore[attr-defined]

    @admin.display(description="Waiting", ordering="waiting_count")
    def waiting(self, endpoint: Endpoint) -> SafeString | str:
        """Messages on their way, and when the next of them is due."""
        count: int = endpoint.waiting_count  # type: ignore[attr-defined]
        next_try_at = endpoint.next_try_at  # type: ignore[attr-defined]
        if not count or not endpoint.is_deliverable or next_try_at is None:
            return number(count)
        next_try_at = max(next_try_at, endpoint.paused_until or next_try_at)
        return format_html('{}<br><span class="mf-sub">next {}</span>', number(count), moment(next_try_at))

    @admin.display(description=f"Failed, {LATELY.days} d", ordering="failed_count")
    def failed(self, endpoint: Endpoint) -> str:
        """Messages that were given up."""
        return number(endpoint.failed_count)  # type: ignore[attr-defined]
