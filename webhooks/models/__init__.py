"""Tables of the callbacks, out (Endpoint, Message, Attempt, and their history) and in (Source, Received, Refused)."""

from webhooks.models.endpoint import Endpoint
from webhooks.models.history import AttemptCount, StateChange
from webhooks.models.incoming import Received, Refused, Source
from webhooks.models.message import Attempt, Message

__all__ = ["Attempt", "AttemptCount", "Endpoint", "Message", "Received", "Refused", "Source", "StateChange"]
