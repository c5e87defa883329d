"""What the rest of the project may call."""

from webhooks.services.endpoints import disable_endpoint, endpoint_secret, rotate_secret
from webhooks.services.messages import (
    queue_message,
    send_test,
    sweep_due_messages,
)
from webhooks.services.recovering import SentAgain, count_failed, recover_failed, send_again
from webhooks.services.registration import (
    VerificationFailedError,
    register_endpoint,
    store_endpoint,
    verify_endpoint,
)
from webhooks.services.retention import RETENTIONS, Retention, prune
from webhooks.services.sealed_secrets import RotatedMeanwhileError, secret_mark
from webhooks.services.sources import (
    SourceExistsError,
    create_source,
    rotate_source_secret,
    source_secret,
)

__all__ = [
    "RETENTIONS",
    "Retention",
    "RotatedMeanwhileError",
    "SentAgain",
    "SourceExistsError",
    "VerificationFailedError",
    "count_failed",
    "create_source",
    "disable_endpoint",
    "endpoint_secret",
    "prune",
    "queue_message",
    "recover_failed",
    "register_endpoint",
    "rotate_secret",
    "rotate_source_secret",
    "secret_mark",
    "send_again",
    "send_test",
    "source_secret",
    "store_endpoint",
    "sweep_due_messages",
    "verify_endpoint",
]
