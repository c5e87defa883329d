"""Accounts and groups in this admin's look."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from staff.access import person
from staff.admin.large_tables import StaffChangeList
from staff.lists.own import OwnLists
from staff.powers import may_act_for
from textsearch.admin import ACCOUNT_WORDS, FoldedSearch

admin.site.unregister(User)
admin.site.unregister(Group)


_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(OwnLists, FoldedSearch, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Accounts of API users and staff. Only a superuser gives powers or changes another superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = (ACCOUNT_WORDS,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StaffChangeList]:  # noqa: ARG002
        """Use the list that refuses filters which no database can look up."""
        return StaffChangeList

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Show powers, but let nobody who may edit accounts give themselves more of them."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if person(request).is_superuser else (*fixed, *_POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let only superusers change accounts with powers, their passwords included."""
        return super().has_change_permission(request, obj) and (obj is None or may_act_for(person(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let only superusers delete accounts with powers."""
        return super().has_delete_permission(request, obj) and (obj is None or may_act_for(person(request), obj))


@admin.register(Group)
class GroupAdmin(OwnLists, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups of permissions. Only superusers change them, because a group gives powers."""

    search_fields = ()  # there are few

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StaffChangeList]:  # noqa: ARG002
        """Use the list that has saved views."""
        return StaffChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow it to superusers only."""
        return person(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:  # noqa: ARG002
        """Allow it to superusers only."""
        return person(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:  # noqa: ARG002
        """Allow it to superusers only."""
        return person(request).is_superuser
