"""django-q's tables in the admin."""

from django.test import Client
from django.utils import timezone
from django_q.models import Failure, Schedule


def test_pages_of_queue_rows_write_moments_as_all_pages_do(desk: Client) -> None:
    now = timezone.now()
    Failure.objects.create(id="1", name="one", func="math.sin", started=now, stopped=now, success=False)
    schedule = Schedule.objects.create(name="two", func="math.cos", next_run=now)
    for path in ("failure/", "failure/1/change/", "schedule/", f"schedule/{schedule.pk}/change/"):
        page = desk.get(f"/admin/django_q/{path}")
        assert page.status_code == 200
        assert 'class="mf-time"' in page.content.decode(), path
