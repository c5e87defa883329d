"""Staff who edit accounts, keys, URLs or the queue get no more power by it than they have."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from catalog.models import ApiKey
from tests.webhooks.conftest import CHOICES
from webhooks.models import Endpoint
from webhooks.services import store_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def registrar(db: None) -> tuple[Client, User]:
    """A member of staff who may edit accounts and groups, and is no superuser."""
    user = User.objects.create_user("registrar", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client = Client()
    client.force_login(user)
    return client, user


def test_registrar_cannot_raise_anybody(registrar: tuple[Client, User]) -> None:
    client, user = registrar
    group = Group.objects.create(name="powers")
    for account in (user, User.objects.create_user("friend")):
        form = {
            "username": account.username,
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [group.pk],
            "user_permissions": list(Permission.objects.values_list("pk", flat=True)),
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
        }
        before = account.user_permissions.count()
        assert client.post(f"/admin/auth/user/{account.pk}/change/", form).status_code == 302
        account.refresh_from_db()
        assert not account.is_superuser
        assert account.is_staff == (account == user)
        assert account.user_permissions.count() == before
        assert account.groups.count() == 0
    assert client.post("/admin/auth/group/add/", {"name": "mine"}).status_code == 403
    assert client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "powers"}).status_code == 403


def test_registrar_cannot_take_an_account_with_powers_over(registrar: tuple[Client, User], staff: User) -> None:
    client, _ = registrar
    password = {"password1": "a long and quiet word", "password2": "a long and quiet word"}
    colleague = User.objects.create_user("colleague", is_staff=True)
    for account in (staff, colleague, User.objects.create_user("hidden", is_superuser=True)):
        assert client.post(f"/admin/auth/user/{account.pk}/password/", password).status_code == 403
        assert client.post(f"/admin/auth/user/{account.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(f"/admin/auth/user/{account.pk}/change/", {"username": "taken"})
        account.refresh_from_db()
        assert account.username != "taken"


def test_registrar_cannot_delete_a_superuser_from_the_list(registrar: tuple[Client, User], staff: User) -> None:
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    chosen = {"action": "delete_selected", "_selected_action": [staff.pk], "post": "yes"}
    assert client.post("/admin/auth/user/", chosen).status_code == 403
    assert User.objects.filter(pk=staff.pk).exists()


def test_nobody_makes_keys_for_accounts_with_more_power(registrar: tuple[Client, User], staff: User) -> None:
    """Not even with every permission there is: that is less than a superuser's."""
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    colleague, ordinary = User.objects.create_user("colleague", is_staff=True), User.objects.create_user("ordinary")
    hidden = User.objects.create_user("hidden", is_superuser=True)  # sees no staff page, and may everything
    for account in (staff, colleague, hidden, ordinary, user):
        client.post("/admin/catalog/apikey/add/", {"owner": account.pk, "tier": "free"})
    assert set(ApiKey.objects.values_list("owner", flat=True)) == {ordinary.pk, user.pk}


def test_nobody_takes_the_callbacks_of_accounts_with_more_power(registrar: tuple[Client, User], staff: User) -> None:
    """Whoever sets an account's URL, or sees its secret, hears and speaks for it."""
    client, user = registrar
    user.user_permissions.set(Permission.objects.all())
    url = "https://mine.invalid/hook"
    client.post("/admin/webhooks/endpoint/add/", {"owner": staff.pk, "url": url} | CHOICES)
    assert not Endpoint.objects.exists()
    endpoint = store_endpoint(owner=staff, url="https://theirs.invalid/hook")
    before = Endpoint.objects.values().get()
    buttons = ("rotate_secret", "turn_off", "verify_again", "send_test", "recover_failed", "replay")
    for page in ("change", "delete", *buttons):
        form = {"url": url, "post": "yes", "since": "24", "_form_submitted": "True"} | CHOICES
        assert client.post(f"/admin/webhooks/endpoint/{endpoint.pk}/{page}/", form).status_code == 403
    assert Endpoint.objects.values().get() == before
    client.post("/admin/webhooks/endpoint/add/", {"owner": user.pk, "url": url} | CHOICES)
    assert Endpoint.objects.filter(owner=user).exists()


def test_nobody_writes_what_the_queue_is_to_run(desk: Client) -> None:
    """A schedule names a Python function and its arguments: with it, a stolen session would be a shell."""
    form = {"func": "os.system", "args": "'id'", "schedule_type": "O", "repeats": "1", "next_run_0": "2026-01-01"}
    assert desk.post("/admin/django_q/schedule/add/", form).status_code == 403
