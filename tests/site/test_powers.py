"""For whom staff may act: a superuser's account is never open to others, whether it sees staff pages or not."""

import pytest
from django.contrib.auth.models import User

from staff.powers import accounts_open_to, may_act_for

KINDS = {"ordinary": {}, "clerk": {"is_staff": True}, "hidden superuser": {"is_superuser": True}}
OPEN_TO = {
    "ordinary": {"ordinary"},
    "clerk": {"ordinary"},
    "hidden superuser": {"ordinary", "clerk", "hidden superuser"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_act_for_whom(db: None, kind: str) -> None:
    person = User.objects.create_user("person", **KINDS[kind])
    others = {name: User.objects.create_user(name, **flags) for name, flags in KINDS.items()}
    assert {name for name, account in others.items() if may_act_for(person, account)} == OPEN_TO[kind]
    assert may_act_for(person, person)
    expected = {person.pk, *(others[name].pk for name in OPEN_TO[kind])}
    assert set(accounts_open_to(person).values_list("pk", flat=True)) == expected
