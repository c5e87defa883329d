"""The first accounts of a new deployment, and where a person finds their way in."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from catalog.models import ApiKey
from catalog.services.api_keys import create_key, find_key
from staff import audit

STAFF_NAME = "admin"
DEMO_NAME = "demo"
SOURCE_SLUG = "demo"
AS_SET = "(as you set it)"


@dataclass(frozen=True)
class FirstLogin:
    """How to get in the first time. Kept readable by the operator only; delete the file once it is noted.

    `api_key` is the demo account's; empty without the demo.
    """

    staff_name: str
    staff_password: str
    api_key: str = ""


def make_first_accounts(*, with_demo: bool) -> bool:
    """Make the staff account, and with the demo its account and key, where there is no account at all.

    False where there is one: what an operator deleted, revoked or renamed never comes back by a start.
    """
    password = secrets.token_urlsafe(9)
    try:
        with transaction.atomic():
            if User.objects.exists():
                return False
            User.objects.create_superuser(STAFF_NAME, password=password)
            key = _demo_key() if with_demo else ""
            # In the transaction: accounts without the file that names their password would lock everybody out.
            _write_private(_path(), json.dumps(asdict(FirstLogin(STAFF_NAME, password, key)), indent=1))
    except IntegrityError:  # another host made them at this moment
        return False
    return True


def first_login() -> FirstLogin:
    """Return what of the first login still opens something; a password or key that does not is left out."""
    path = _path()
    known = FirstLogin(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else FirstLogin(AS_SET, AS_SET)
    account = User.objects.filter(username=known.staff_name, is_active=True).first()
    if account is None:
        known = replace(known, staff_name=AS_SET, staff_password=AS_SET)
    elif not account.check_password(known.staff_password):
        known = replace(known, staff_password=AS_SET)
    return known if known.api_key and find_key(known.api_key) else replace(known, api_key="")


def _path() -> Path:
    return Path(settings.DATA_DIR) / "first_login.json"


def _demo_key() -> str:
    owner = User.objects.create_user(DEMO_NAME)
    row, text = create_key(owner=owner, tier=ApiKey.Tier.PAID, label="made at first start")
    audit.record("catalog.apikey.add", on=row, owner=owner.username, tier=row.tier)
    return text


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
