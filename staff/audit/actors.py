"""Who does something: an account on a page, or a system user at the shell."""

import getpass
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest

from staff.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """The account's name and number, and the address from which the request came."""

    name: str
    key: int | None = None
    address: str = ""


def of_request(request: HttpRequest, account: AbstractBaseUser | AnonymousUser | None = None) -> Actor:
    """Return the account that is logged in (or `account`), with the address of the request."""
    account = account or request.user
    return Actor(account.get_username()[:150], account.pk, address_of(request))


def address_of(request: HttpRequest) -> str:
    """Return the caller's address; behind a trusted proxy the middleware has put it there."""
    return str(request.META.get("REMOTE_ADDR", ""))[: AuditEntry._meta.get_field("address").max_length]


def at_the_shell() -> Actor:
    """Return the system user who runs this process."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in many containers
        name = str(os.getuid())
    return Actor(f"{name}@{socket.gethostname()}"[:150])


def command() -> str:
    """Return the command that runs, as its name: `create_api_key`."""
    return sys.argv[1] if len(sys.argv) > 1 and Path(sys.argv[0]).name == "manage.py" else Path(sys.argv[0]).name
