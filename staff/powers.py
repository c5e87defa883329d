"""For whom a member of staff may act: nobody gets more powers through another account than their own."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet


def may_act_for(person: User | AnonymousUser, account: User) -> bool:
    """Tell whether a person may change an account, or make a key or a callback URL for it.

    Superusers may act for everybody; others for themselves, and for accounts without powers on staff pages.
    """
    return person.is_superuser or account == person or not (account.is_staff or account.is_superuser)


def accounts_open_to(person: User | AnonymousUser) -> QuerySet[User]:
    """Return the accounts for which `may_act_for` is true."""
    if person.is_superuser:
        return User.objects.all()
    return User.objects.filter(is_staff=False, is_superuser=False) | User.objects.filter(pk=person.pk or 0)
