"""The first accounts of a new deployment, and where a person finds their way in."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from catalog.models import ApiKey
from catalog.services.api_keys import create_key, find_key

STAFF_NAME = "admin"
DEMO_NAME = "demo"
SOURCE_SLUG = "demo"


@dataclass(frozen=True)
class FirstLogin:
    """How to get in the first time. Kept readable by the operator only; delete the file once it is noted."""

    staff_name: str
    staff_password: str
    api_key: str


def first_login() -> FirstLogin:
    """Make the staff account, the demo account and its key; a second call returns the first one's."""
    path = Path(settings.DATA_DIR) / "first_login.json"
    known = FirstLogin(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    password = _staff_password(known)
    login = FirstLogin(staff_name=STAFF_NAME, staff_password=password, api_key=_demo_key(known))
    if login != known:
        _write_private(path, json.dumps(asdict(login), indent=1))
    return login


def _staff_password(known: FirstLogin | None) -> str:
    """Return the staff account's password; made once, and never changed behind an operator's back."""
    if User.objects.filter(username=STAFF_NAME).exists():
        return known.staff_password if known else "(as you set it)"
    password = secrets.token_urlsafe(9)
    User.objects.create_superuser(STAFF_NAME, password=password)
    return password


def _demo_key(known: FirstLogin | None) -> str:
    owner, _ = User.objects.get_or_create(username=DEMO_NAME)
    if known and find_key(known.api_key):
        return known.api_key
    return create_key(owner=owner, tier=ApiKey.Tier.PAID, label="made at first start")[1]


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
