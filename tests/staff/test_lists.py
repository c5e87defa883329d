"""Lists of rows in the admin."""

import re

from django.test import Client

from staff.audit import record


def test_the_audit_list_counts_entries(desk: Client) -> None:
    for act in ("one", "two"):
        record(act)
    page = desk.get("/admin/staff/auditentry/").content.decode()
    assert re.search(r"\d\s+audit entries", page)
    assert not re.search(r"\d\s+audit trail", page)
    assert re.search(r"<title>\s*Audit trail\b", page)
