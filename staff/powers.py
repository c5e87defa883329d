"""For whom a member of staff may act: nobody gets more power through another account than they have."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet


def may_act_for(person: User | AnonymousUser, account: User) -> bool:
    """Tell whether a person may change an account, or make what speaks in its name: a key, a callback URL.

    Superusers may for everybody; others for themselves and for accounts that have no power over staff pages.
    """
    return person.is_superuser or account == person or not (account.is_staff or account.is_superuser)


def accounts_open_to(person: User | AnonymousUser) -> QuerySet[User]:
    """Return the accounts that `may_act_for` allows."""
    if person.is_superuser:
        return User.objects.all()
    return User.objects.filter(is_staff=False, is_superuser=False) | User.objects.filter(pk=person.pk or 0)
