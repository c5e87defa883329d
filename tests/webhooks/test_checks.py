"""System checks: the defaults pass, each setting that cannot work is named."""

from typing import Any

import pytest

from webhooks.checks import webhook_settings


def test_the_defaults_pass() -> None:
    assert webhook_settings(None) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("WEBHOOK_SCHEDULE_SECONDS", [], "E002"),
        ("WEBHOOK_SCHEDULE_SECONDS", [0, 10, 5], "E002"),
        ("WEBHOOK_SCHEDULE_SECONDS", [-1, 5], "E002"),
        ("WEBHOOK_ALLOWED_PRIVATE_HOSTS", ["127.0.0.1"], "E003"),
        ("WEBHOOK_ALLOWED_PRIVATE_HOSTS", ["http://127.0.0.1:8000"], "E003"),
        ("WEBHOOK_ALLOWED_PRIVATE_HOSTS", ["Inside:80"], "E003"),
        ("SECRETS_KEY", "short", "E004"),
    ],
)
def test_what_cannot_work_is_named(settings: Any, name: str, value: Any, code: str) -> None:
    setattr(settings, name, value)
    (error,) = webhook_settings(None)
    assert error.id == f"webhooks.{code}"
    assert name in error.msg
