"""How the search finds accounts."""

from django.contrib.auth.models import User

from staff.search import Page, TableKind, register
from textsearch.models import ACCOUNT_TEXTS

register(
    TableKind(
        80,
        User,
        "person",
        lambda user: [(name.replace("_", " "), getattr(user, name)) for name in ACCOUNT_TEXTS],
        beside=lambda user: " · ".join(filter(None, (user.get_full_name(), user.email))),
    ),
    Page("Change my password", "admin:password_change", words="login secret settings account"),
    Page("Create an account", "admin:auth_user_add", "auth.add_user", "new user"),
)
