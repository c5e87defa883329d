"""Each kind of value is written by staff/display.py alone: no template, page or script does it in a way of its own."""

import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, Model
from django.test import RequestFactory

from staff.admin.base import StaffAdmin
from tests.site.test_repository import ROOT, files

OWN_WAY_IN_TEMPLATES = re.compile(
    r"\|\s*(date|time|timesince|timeuntil|natural\w+|intcomma|intword|filesizeformat)\b"
    r"|{%\s*now\b|load [^%]*humanize|<time\b|<progress class|mf-badge"
)
OWN_WAY_IN_PYTHON = re.compile(
    r"strftime|isoformat|localtime|naturaltime|timesince|date_format|filesizeformat|intcomma|:%[YmdHMSb]|:,\}"
    r"|<time\b|<progress\b|mf-badge"
)
OWN_WAY_IN_SCRIPTS = re.compile(r"toLocale|Intl\.|padStart|toISOString|new Date|\b[KM]B\b")
PAGES = (
    *("catalog/admin", "catalog/pages", "catalog/presentation", "catalog/templatetags"),
    *("webhooks/admin", "webhooks/cells", "webhooks/templatetags", "staff", "queueing/admin", "textsearch/admin"),
)
APART = {"staff/display.py", "staff/audit/snapshots.py", "staff/csv_files.py"}  # the last two: for programs


def breaches(paths: list[Path], own_way: re.Pattern[str]) -> list[str]:
    """Name each line of the files that matches."""
    assert paths
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        if path.relative_to(ROOT).as_posix() not in APART
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if own_way.search(line)
    ]


def test_no_template_writes_a_value_in_its_own_way() -> None:
    assert breaches(sorted((ROOT / "templates").rglob("*.html")), OWN_WAY_IN_TEMPLATES) == []


@pytest.mark.parametrize("folder", PAGES)
def test_no_page_writes_a_value_in_its_own_way(folder: str) -> None:
    assert breaches(files(folder), OWN_WAY_IN_PYTHON) == []


def test_no_script_writes_a_value_in_its_own_way() -> None:
    scripts = [path for path in (ROOT / "static").rglob("*.js") if path != ROOT / "static/staff/values.js"]
    assert breaches(scripts, OWN_WAY_IN_SCRIPTS) == []


@pytest.mark.parametrize(
    ("own_way", "line"),
    [
        (OWN_WAY_IN_TEMPLATES, '{{ job.created_at|date:"H:i" }}'),
        (OWN_WAY_IN_TEMPLATES, "{{ job.created_at|timesince }} ago"),
        (OWN_WAY_IN_TEMPLATES, "{% load humanize parts %}"),
        (OWN_WAY_IN_PYTHON, 'return f"{job.created_at:%H:%M}"'),
        (OWN_WAY_IN_PYTHON, 'return f"{count:,}"'),
        (OWN_WAY_IN_SCRIPTS, "new Date(value).toLocaleString()"),
    ],
)
def test_own_ways_are_recognised(own_way: re.Pattern[str], line: str) -> None:
    assert own_way.search(line)


def is_moment(model: type[Model], name: object) -> bool:
    """Tell whether the admin would write what it is asked for here in Django's way: it is a field, and of a date."""
    try:
        return isinstance(name, str) and isinstance(model._meta.get_field(name), DateField)
    except FieldDoesNotExist:
        return False


def test_no_table_leaves_a_moment_to_django(staff: User) -> None:
    request = RequestFactory().get("/")
    request.user = staff
    tables = [table for table in admin.site._registry.values() if isinstance(table, StaffAdmin)]
    assert len(tables) > 15
    shown = {table: list(table.list_display) for table in tables}
    for table in tables:
        if not table.has_change_permission(request):  # elsewhere it is a field to fill in
            shown[table] += flatten_fieldsets(table.get_fieldsets(request))
        shown[table] += table.readonly_fields
    assert [(str(table), name) for table in tables for name in shown[table] if is_moment(table.model, name)] == []
    assert is_moment(User, "date_joined")
