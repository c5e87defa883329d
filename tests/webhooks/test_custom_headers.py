"""A URL's own headers: sent, sealed, and nowhere to be read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.webhooks.receiver import Receiver, Request, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import ChoicesInvalidError, change_endpoint, verify_endpoint
from webhooks.services.custom_headers import hidden
from webhooks.tasks import deliver_message

VALUE = "Bearer gateway-pass-0123456789"
HEADERS = {"Authorization": VALUE, "X-Tenant": "label-7"}
Send = Callable[..., Message]


@pytest.fixture
def guarded(endpoint: Endpoint) -> Endpoint:
    """A URL behind a gateway."""
    return change_endpoint(endpoint=endpoint, headers=HEADERS)


def test_they_go_with_callbacks_and_challenges(guarded: Endpoint, send: Send, receiver: Receiver) -> None:
    deliver_message(send().pk)
    verify_endpoint(endpoint=guarded)
    for request in receiver.requests[1:]:
        assert request.headers["authorization"] == VALUE
        assert request.headers["x-tenant"] == "label-7"


def test_their_values_are_in_no_row_no_log_and_no_page(
    guarded: Endpoint, send: Send, receiver: Receiver, desk: Client, caplog: Any, capsys: Any
) -> None:
    def echo(request: Request, handler: Any) -> None:
        """Answer as a receiver that shows what it got: in a header, in the body, and cut off."""
        told = f"you sent {request.headers['authorization']}".encode()
        reply(500, told + b"." * 970 + told[:40], X_Seen=request.headers["authorization"])(request, handler)

    receiver.behaviour = echo
    message = send()
    deliver_message(message.pk)
    rows = repr([*Endpoint.objects.values(), *Message.objects.values(), *Attempt.objects.values()])
    pages = "".join(
        desk.get(f"/admin/webhooks/{table}/{pk}/change/").content.decode()
        for table, pk in (
            ("endpoint", guarded.pk),
            ("message", message.pk),
            ("attempt", Attempt.objects.get().pk),
        )
    )
    printed = capsys.readouterr()
    for text in (rows, pages, caplog.text, printed.out, printed.err):
        assert "gateway-pass" not in text
        assert "label-7" not in text
    assert Attempt.objects.get().request_headers["Authorization"] == "••••••"
    assert "you sent ••••••" in Attempt.objects.get().response_body


def test_none_is_the_way_to_have_none(guarded: Endpoint, send: Send, receiver: Receiver) -> None:
    change_endpoint(endpoint=guarded, headers={})
    deliver_message(send().pk)
    assert "authorization" not in receiver.callbacks[0].headers


@pytest.mark.parametrize(
    "headers",
    [
        *({name: "x"} for name in ("Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade")),
        *({name: "x"} for name in ("Proxy-Authorization", "proxy-authenticate", "Proxy-Connection")),
        *({name: "x"} for name in ("Host", "Content-Length", "Content-Type", "Expect", "User-Agent")),
        *({name: "x"} for name in ("webhook-signature", "X-Mippia-Signature", "x-mippia-other", "Webhook-Id")),
        *({name: "x"} for name in ("", "a b", "a:b", "ä", "x" * 101, "a\r\nb")),
        *({"X-A": value} for value in ("", " x", "x ", "a\r\nX-B: c", "a\nb", "a\0b", "é", "x" * 2001)),
        {f"X-{number}": "x" for number in range(11)},
        {"X-A": "1", "x-a": "2"},
    ],
)
def test_headers_that_are_not_an_accounts_to_choose(endpoint: Endpoint, headers: dict[str, str]) -> None:
    with pytest.raises(ChoicesInvalidError) as refused:
        change_endpoint(endpoint=endpoint, headers=headers)
    assert list(refused.value.errors) == ["headers"]
    assert "x" * 2001 not in str(refused.value)
    endpoint.refresh_from_db()
    assert endpoint.sealed_headers == ""


def test_the_beginning_of_a_value_is_hidden_where_the_text_was_cut() -> None:
    assert hidden("told: Bearer gateway-pass", {"A": VALUE}) == "told: ••••••"
    assert hidden("told: gateway-pass-0123456789!", {"A": VALUE}) == "told: ••••••!"
    assert hidden("all is well", {"A": "1"}) == "all is well"


def test_credentials_that_a_receiver_answers_with_are_not_kept(send: Send, receiver: Receiver) -> None:
    receiver.behaviour = reply(200, Set_Cookie="session=of-the-receiver", X_Api_Key="of-the-receiver", X_Seen="yes")
    deliver_message(send().pk)
    kept = Attempt.objects.get().response_headers
    assert (kept["Set-Cookie"], kept["X-Api-Key"], kept["X-Seen"]) == ("••••••", "••••••", "yes")


def test_values_in_an_answer_that_is_not_http_are_in_no_log(
    guarded: Endpoint, send: Send, receiver: Receiver, caplog: Any, capsys: Any
) -> None:
    def echo(request: Request, handler: Any) -> None:
        handler.close_connection = True
        handler.connection.sendall(f"you sent {request.headers['authorization']}\r\n\r\n".encode())

    receiver.behaviour = echo
    deliver_message(send().pk)
    printed = capsys.readouterr()
    assert "callback_not_answered" in caplog.text
    assert "gateway-pass" not in caplog.text + printed.out + printed.err + repr(Attempt.objects.values())
