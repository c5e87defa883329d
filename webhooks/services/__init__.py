"""The services of callbacks that the rest of the project may call."""

from webhooks.secret_box import SecretUnreadableError, seal, unseal
from webhooks.services.choosing import ChoicesInvalidError, change_endpoint, checked
from webhooks.services.content import BeingSentError, delete_content
from webhooks.services.endpoints import disable_endpoint, endpoint_secret, rotate_secret
from webhooks.services.messages import queue_messages, send_test
from webhooks.services.recovering import (
    SentAgain,
    count_ended,
    count_failed,
    recover_failed,
    replay,
    send_again,
)
from webhooks.services.registration import (
    TooManyUrlsError,
    VerificationFailedError,
    add_endpoint,
    check_new,
    check_room,
    move_endpoint,
    register_endpoint,
    store_endpoint,
    verify_endpoint,
)
from webhooks.services.retention import RETENTIONS, Retention, prune
from webhooks.services.sealed_secrets import RotatedMeanwhileError, secret_mark
from webhooks.services.signatures import public_keys
from webhooks.services.sources import (
    SourceExistsError,
    create_source,
    rotate_source_secret,
    source_secret,
)
from webhooks.services.state_log import note_states
from webhooks.services.sweeping import sweep_due_messages

__all__ = [
    "RETENTIONS",
    "BeingSentError",
    "ChoicesInvalidError",
    "Retention",
    "RotatedMeanwhileError",
    "SecretUnreadableError",
    "SentAgain",
    "SourceExistsError",
    "TooManyUrlsError",
    "VerificationFailedError",
    "add_endpoint",
    "change_endpoint",
    "check_new",
    "check_room",
    "checked",
    "count_ended",
    "count_failed",
    "create_source",
    "delete_content",
    "disable_endpoint",
    "endpoint_secret",
    "move_endpoint",
    "note_states",
    "prune",
    "public_keys",
    "queue_messages",
    "recover_failed",
    "register_endpoint",
    "replay",
    "rotate_secret",
    "rotate_source_secret",
    "seal",
    "secret_mark",
    "send_again",
    "send_test",
    "source_secret",
    "store_endpoint",
    "sweep_due_messages",
    "unseal",
    "verify_endpoint",
]
