"""Secrets at rest, and both signatures against known answers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver
from webhooks.models import Endpoint, Message, Source
from webhooks.secret_box import SecretUnreadableError, new_secret, seal, unseal
from webhooks.services import rotate_secret, send_again, verify_endpoint
from webhooks.signing import mippia_signature, standard_signature
from webhooks.tasks import deliver_message


def test_a_sealed_secret_opens_again_and_differs_each_time() -> None:
    secret = new_secret()
    assert unseal(seal(secret)) == secret
    assert seal(secret) != seal(secret)


def test_another_key_says_so(settings: Any) -> None:
    sealed = seal("secret")
    settings.SECRETS_KEY = "another key of some length"
    with pytest.raises(SecretUnreadableError, match="SECRETS_KEY"):
        unseal(sealed)


def test_delivery_under_another_key_disables_the_endpoint_and_says_why(
    send: Callable[..., Message], endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    message = send()
    settings.SECRETS_KEY = "another key of some length"
    assert not deliver_message(message.pk)
    endpoint.refresh_from_db()
    message.refresh_from_db()
    assert "SECRETS_KEY" in endpoint.disabled_reason
    assert message.state == Message.State.FAILED
    assert not receiver.callbacks
    rotate_secret(endpoint=endpoint)
    verify_endpoint(endpoint=endpoint)
    send_again(messages=Message.objects.filter(pk=message.pk))
    assert deliver_message(message.pk)


def test_receiving_under_another_key_is_401(source: tuple[Source, str], settings: Any) -> None:
    settings.SECRETS_KEY = "another key of some length"
    body, headers = signed.dumps(CHECKED), signed.mippia(source[1], TASK_ID)
    answer = Client().generic("POST", "/webhooks/incoming/label/", body, "application/json", headers=headers)
    assert answer.status_code == 401
    assert "cannot be read" in answer.json()["detail"]


def test_a_changed_seal_says_so() -> None:
    sealed = seal("secret")
    with pytest.raises(SecretUnreadableError):
        unseal(sealed[:-4] + "AAAA")


def test_new_secrets_differ() -> None:
    assert len({new_secret() for _ in range(50)}) == 50


def test_the_standards_own_example() -> None:
    """The worked example that the Standard Webhooks libraries share."""
    signature = standard_signature(
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body='{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_mippia_signature_as_openssl_makes_it() -> None:
    """`printf 1775109254:task_1 | openssl dgst -sha256 -hmac whsec_abc -hex`."""
    expected = "3c3b7151cb4c349e181e428426f8bcdd7dc126da0ffcf920a1bb773cc4bc1e29"
    assert mippia_signature(secret="whsec_abc", timestamp="1775109254", task_id="task_1") == expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_signatures_do_not_depend_on_the_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time  # noqa: PLC0415

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        test_the_standards_own_example()
    finally:
        monkeypatch.undo()
        time.tzset()
