"""The receiver's example in the documentation, run as it stands on a callback that really travelled."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.webhooks.conftest import CHECKED
from tests.webhooks.receiver import Receiver
from webhooks.models import Endpoint, Message
from webhooks.services import endpoint_secret
from webhooks.tasks import deliver_message

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def test_the_receivers_example(send: Callable[..., Message], endpoint: Endpoint, receiver: Receiver) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    deliver_message(send().pk)
    (request,) = receiver.callbacks
    secret = endpoint_secret(endpoint=endpoint)
    names = {"secret": secret, "request_body": request.body, "headers": request.headers}
    exec(example, names)  # noqa: S102
    assert names["body"] == CHECKED

    names["headers"] = request.headers | {"x-mippia-signature": "0" * 64}
    with pytest.raises(AssertionError):
        exec(example, names)  # noqa: S102
