"""What happens to work in hand when the service is stopped, and that a cluster does not outlive its watchdog."""

import os
import signal
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from catalog.engine.audio.decoding import decode_mono
from tests.site.running import RunningSite, await_true, command_line

pytestmark = pytest.mark.cluster
LONG_S = 60 * 60  # on a quiet machine too it takes several times as long as a stopped worker is given
RATE_HZ = 6000
STATE = "from catalog.models import Job; j = Job.objects.get(); print('job', j.status, j.attempts)"


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Music for an hour: a recording over and over."""
    once = decode_mono(settings.BASE_DIR / "tests/audio/battle-music.ogg", RATE_HZ)
    path = tmp_path_factory.mktemp("long") / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.resize(once, LONG_S * RATE_HZ) * 20_000).astype("<i2").tobytes())
    return path


@pytest.fixture
def site(tmp_path: Path, migrated_database: Callable[[Path], str | None]) -> Iterator[RunningSite]:
    """A site that is given little time to drain."""
    folder = tmp_path / "data"
    database_url = migrated_database(folder)
    running = RunningSite(folder, database_url=database_url, DRAIN_SECONDS="3", FINGERPRINT_WORKERS="1")
    running.start("--no-demo")
    yield running
    for pid in running.processes():
        os.kill(pid, signal.SIGKILL)
    running.process.wait()


def test_busy_worker_hands_its_job_back_and_a_dead_watchdog_takes_its_cluster_along(
    site: RunningSite, long_recording: Path
) -> None:
    api = site.api()
    task_id = api.add(api.upload(long_recording)["musicId"])["taskId"]
    await_true(lambda: api.result(task_id)["status"] == "processing", within_s=30)
    began_s = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    site.process.wait(30)
    assert time.monotonic() - began_s < 3 + 4 + 2
    await_true(lambda: site.processes() == [], within_s=2)
    assert "job pending 0" in site.manage("shell", "-v", "0", "-c", STATE).stdout

    site.start("--no-demo")
    await_true(lambda: api.result(task_id)["status"] == "processing", within_s=30)
    [watchdog] = site.processes("run_queue fingerprint")
    cluster = [pid for pid in site.processes("qcluster") if "Q_CLUSTER_NAME=fingerprint" in environment_of(pid)]
    assert len(cluster) >= 4, [command_line(pid) for pid in cluster]
    os.kill(watchdog, signal.SIGKILL)
    await_true(lambda: not any(map(command_line, cluster)), within_s=10)


def environment_of(pid: int) -> str:
    """Return a process's environment; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""
