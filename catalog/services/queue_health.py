"""Canaries: small tasks through each queue that show whether its workers still run anything."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Task
from django_q.tasks import async_task

from catalog.models import Job, QueueHeartbeat

CANARY_TASK = "catalog.tasks.answer_canary"
CANARY_EVERY_S = 20


def send_canary(*, cluster: str) -> bool:
    """Send a canary where the last one was answered and is old; False where none was due."""
    now = timezone.now()
    heartbeat = QueueHeartbeat.objects.filter(pk=cluster).first()
    if heartbeat and (heartbeat.answered_at is None or now - heartbeat.sent_at < timedelta(seconds=CANARY_EVERY_S)):
        return False
    with transaction.atomic():
        QueueHeartbeat.objects.update_or_create(cluster=cluster, defaults={"sent_at": now, "answered_at": None})
        async_task(CANARY_TASK, cluster, cluster=cluster)
    return True


def start_over(*, cluster: str) -> None:
    """Forget an unanswered canary, as when the cluster was just started."""
    QueueHeartbeat.objects.filter(pk=cluster).delete()


def note_answer(*, cluster: str) -> None:
    """Record that a worker ran the canary."""
    QueueHeartbeat.objects.filter(pk=cluster).update(answered_at=timezone.now())


def is_stuck(*, cluster: str) -> bool:
    """Tell whether a canary has waited too long while nothing else ended or holds a lease: busy is not stuck."""
    limit = timezone.now() - timedelta(seconds=settings.WATCHDOG_SECONDS)
    waiting = QueueHeartbeat.objects.filter(pk=cluster, answered_at=None, sent_at__lt=limit).exists()
    if not waiting or Task.objects.filter(cluster=cluster, stopped__gt=limit).exists():
        return False
    works_on_jobs = cluster == settings.Q_CLUSTER["name"]
    return not (works_on_jobs and Job.objects.filter(lease_until__gt=timezone.now()).exists())
