"""Every end of a task, as a feed: for receivers without a public address, and to make up for lost callbacks."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of
from catalog.api.bodies.strict import refuse_unknown
from catalog.api.bodies.tasks import EventsSerializer
from catalog.api.openapi import REFUSALS, invalid
from catalog.api.waiting import answer_after_wait, ask_to_wait, told_after
from catalog.selectors.events import last_number

MOST_WAIT_S = 20  # shorter than proxies wait for an answer
ASK_AGAIN_S = 5  # of a client that found no room to wait
LATEST = "latest"
_NAMES = {"after", "wait"}
_MOST = 2**63 - 1


class EventsView(APIView):
    """Answers the callbacks' bodies in the order in which the tasks ended."""

    @extend_schema(
        operation_id="list_events",
        summary="Get the tasks that ended since a moment, in order; wait if none did",
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "string", "pattern": r"^([0-9]{1,18}|latest)$"},
                description="`next_after` of the call before; left out: from the first task on; `latest`: from now on",
            ),
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": MOST_WAIT_S, "default": 0},
                description="Seconds to wait if no task has ended; if too many clients wait, the answer comes at once",
            ),
        ],
        responses={
            200: EventsSerializer,
            **REFUSALS,
            422: invalid("wait", "This must be a number from 0 to 20."),
        },
        examples=[examples.EVENTS],
    )
    def get(self, request: Request) -> Response:
        """Answer up to 100 bodies. An empty answer that came early says in `Retry-After` when to ask again."""
        refuse_unknown(request.query_params, _NAMES, "There is no such parameter.")
        if held := answer_after_wait(request):
            return Response(held)
        owner_id, wait_s = account_of(request).pk, _number(request, "wait", MOST_WAIT_S)
        last = last_number(owner_id)  # before the rows: what ends in between comes with the next answer
        told = told_after(_after(request, last), owner_id=owner_id, last=last)
        if told["results"] or ask_to_wait(request, owner_id=owner_id, after=last, seconds=wait_s):
            return Response(told)
        return Response(told, headers={"Retry-After": str(ASK_AGAIN_S)})


def _after(request: Request, last: int) -> int:
    """Return the number behind which the caller wants to read."""
    if request.query_params.get("after") == LATEST:
        return last
    after = _number(request, "after", _MOST)
    if after > last:  # of another database, or of this one before an older backup was restored
        raise ValidationError({"after": ["This is no valid place. Leave it out, or send `latest`."]})
    return after


def _number(request: Request, name: str, most: int) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise ValidationError({name: [f"This must be a number from 0 to {most}."]})
    return int(text)
