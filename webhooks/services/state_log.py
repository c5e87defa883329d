"""Changes of callback URLs' states, stored so that pages can show them over time."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from webhooks.models import Endpoint, Message, StateChange
from webhooks.services.history import lost
from webhooks.services.standing import State, standing_of


def note_state(*, endpoint_pk: int, now: datetime) -> None:
    """Store the state of a URL if it is not the one noted last."""
    for endpoint in _with_losses(Endpoint.objects.filter(pk=endpoint_pk), now):
        note_change(endpoint, _state(endpoint, now), now=now)


def note_states(*, now: datetime | None = None) -> None:
    """Store changes that nobody noted: what staff and accounts did, and what only time changed."""
    moment = now or timezone.now()
    for endpoint in _with_losses(Endpoint.objects.all(), moment):
        state = _state(endpoint, moment)
        # While a URL is tried after a pause it looks paused until the answer is there.
        if not (state == State.PAUSED and endpoint.noted_state == State.TRYING):
            note_change(endpoint, state, now=moment)


def note_change(endpoint: Endpoint, state: State, *, now: datetime) -> None:
    """Store a state, once: whoever moves `noted_state` writes the row."""
    if endpoint.noted_state == state:
        return
    if Endpoint.objects.filter(pk=endpoint.pk, noted_state=endpoint.noted_state).update(noted_state=state):
        StateChange.objects.create(endpoint=endpoint, at=now, state=state)


def _with_losses(endpoints: QuerySet[Endpoint], now: datetime) -> QuerySet[Endpoint]:
    losses = lost(Message.objects.filter(endpoint=OuterRef("pk")), now=now)
    return endpoints.annotate(has_losses=Exists(losses)).order_by("pk")


def _state(endpoint: Endpoint, now: datetime) -> State:
    return standing_of(endpoint, now=now, lost_count=int(endpoint.has_losses)).state  # type: ignore[attr-defined]
