"""Lists of large tables: nothing on them goes through all rows to find out what there is to choose."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.filters import AllValuesFieldListFilter, RelatedFieldListFilter
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.test import RequestFactory

SMALL = {User, Group}  # accounts and what they may do
PAGES = [page for model, page in admin.site._registry.items() if model not in SMALL]


def named(rows: Any) -> str:
    """Return the name of a list's table."""
    return str(rows.opts.label_lower)


def asking(user: User) -> HttpRequest:
    """Return a request for a list."""
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize("rows", PAGES, ids=named)
def test_the_choices_of_no_filter_are_looked_up_in_all_rows(rows: Any, admin_user: User) -> None:
    slow = (AllValuesFieldListFilter, RelatedFieldListFilter)  # those made from them ask for what is typed in
    filters = rows.get_changelist_instance(asking(admin_user)).filter_specs
    assert [one for one in filters if type(one) in slow] == []


@pytest.mark.parametrize("rows", PAGES, ids=named)
def test_a_list_counts_nothing_over_a_join(rows: Any, admin_user: User) -> None:
    assert rows.get_queryset(asking(admin_user)).query.group_by is None


@pytest.mark.parametrize("rows", PAGES, ids=named)
def test_no_list_has_days_above_it(rows: Any) -> None:
    """Each page would go through all rows for the days that there are: a filter by day asks for none."""
    assert rows.date_hierarchy is None
