"""The whole service, as a newcomer starts it: real processes, real HTTP, real audio."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from fingerprint_site.running.altered_copy import make_altered_copy
from tests.site.running import RunningSite, await_true
from tests.some import some

pytestmark = pytest.mark.cluster
ENDED = ("success", "failure")


def ended(site: RunningSite, task_id: str, *, within_s: float = 120.0) -> dict[str, Any]:
    """Poll until the task has ended."""

    def ask() -> dict[str, Any] | None:
        body = site.api().result(task_id)
        return body if body["status"] in ENDED else None

    return await_true(ask, within_s=within_s)


def test_demo_shows_a_duplicate_that_travelled(first_start: RunningSite) -> None:
    printed = first_start.first_output
    assert '"is_duplicate": true' in printed
    assert '"matched_musicname": "battle-music"' in printed
    assert '"task_name": "add_audio_in_index"' in printed
    for hint in ("log in as", "API key", "curl -H", "/fingerprint/check", "/task/result/"):
        assert hint in printed


def test_own_file_by_the_public_api(site: RunningSite, tmp_path: Path) -> None:
    copy = tmp_path / "my copy.mp3"
    make_altered_copy(source=settings.BASE_DIR / "tests/audio/forest-dance.mp3", target=copy)
    api = site.api()
    music = api.upload(copy)
    assert music["title"] == "my copy"
    result = ended(site, api.check(music["musicId"])["taskId"])["result"]
    assert result["is_duplicate"] is True
    assert result["matched_musicname"] == "forest-dance"


def test_every_check_sees_every_add_that_ended_before(site: RunningSite, tmp_path: Path) -> None:
    """Adds and checks land on either worker; the answer must not depend on which."""
    source = settings.BASE_DIR / "tests/audio/mountain.mp3"
    api = site.api()
    for number in range(3):
        one = tmp_path / f"take {number}.mp3"
        one.write_bytes(source.read_bytes() + bytes(number))
        added = api.upload(one)["musicId"]
        assert ended(site, api.add(added)["taskId"])["status"] == "success"
        assert ended(site, api.check(added)["taskId"])["result"]["is_duplicate"] is True


def test_bad_file_is_refused_and_kills_nobody(site: RunningSite, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ogg"
    whole = (settings.BASE_DIR / "tests/audio/battle-music.ogg").read_bytes()
    bad.write_bytes(whole[:300] + os.urandom(50_000))
    with pytest.raises(requests.HTTPError) as caught:
        site.api().upload(bad)
    assert caught.value.response.status_code == 422


def test_killed_workers_lose_no_task(site: RunningSite) -> None:
    """Kill every process of the fingerprint queue while tasks wait: all of them end all the same."""
    api = site.api()
    music_id = api.upload(settings.BASE_DIR / "tests/audio/palace.mp3")["musicId"]
    task_ids = [api.check(music_id)["taskId"] for _ in range(4)]
    for pid in site.processes("qcluster"):
        os.kill(pid, signal.SIGKILL)
    for task_id in task_ids:
        assert ended(site, task_id, within_s=120.0)["status"] == "success"


def test_fingerprint_processes_give_way_to_the_web(site: RunningSite) -> None:
    named = b"Q_CLUSTER_NAME=fingerprint\0"
    ours = [pid for pid in site.processes("qcluster") if named in Path(f"/proc/{pid}/environ").read_bytes()]
    web = {os.getpriority(os.PRIO_PROCESS, pid) for pid in site.processes("gunicorn")}
    assert {os.getpriority(os.PRIO_PROCESS, pid) - settings.FINGERPRINT_NICENESS for pid in ours} == web
    groups = [group for pid in ours if (group := Path(f"/proc/{pid}/autogroup")).exists()]
    # Where the kernel weighs sessions, a process's own niceness counts for nothing among those of others.
    weights = {int(group.read_text(encoding="ascii").split()[-1]) for group in groups}
    assert weights <= {settings.FINGERPRINT_NICENESS}
    assert len(groups) in (0, len(some(ours)))


def test_pages_answer_without_outside_addresses(site: RunningSite) -> None:
    for path in ("/admin/login/", "/api/docs/", "/api/schema/"):
        response = requests.get(site.url + path, timeout=10)
        assert response.status_code == 200
    page = requests.get(site.url + "/api/docs/", timeout=10).text
    assert "https://" not in page.replace(site.url, "")


def test_logs_hold_no_secret(site: RunningSite) -> None:
    """Keys good and bad, passwords right and wrong, webhook secrets: used, and in no log."""
    login = json.loads((site.folder / "first_login.json").read_text(encoding="utf-8"))
    secrets = [login["api_key"], login["staff_password"], "mfp_00000000_wrong-key", "a wrong password"]
    for key in (secrets[0], secrets[2]):
        requests.get(f"{site.url}/api/v1/task/result/x", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    for password in (secrets[1], secrets[3]):
        desk = requests.Session()
        desk.get(f"{site.url}/admin/login/", timeout=30)
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": desk.cookies["csrftoken"]}
        desk.post(f"{site.url}/admin/login/", form, headers={"Referer": site.url}, timeout=30)
        secrets.append(desk.cookies["csrftoken"])
        secrets += [desk.cookies["sessionid"]] if "sessionid" in desk.cookies else []
    assert len(secrets) == 7
    secrets += [site.environment["SECRET_KEY"], (site.folder / "secrets_key").read_text(encoding="ascii")]
    receiver = f"{site.url}/webhooks/incoming/demo/"
    secrets.append(site.manage("set_callback_url", "demo", receiver, "--show-secret").stdout.split()[-1])
    assert secrets[-1].startswith("whsec_")
    logs = [path.read_text(encoding="utf-8") for path in (site.folder / "logs").iterdir()]
    assert any("/admin/login/" in text for text in logs)
    assert [(number, secret) for number, secret in enumerate(secrets) for text in logs if secret in text] == []
    assert not any("whsec_" in text for text in some(logs))


def test_second_start_says_that_it_runs(site: RunningSite) -> None:
    second = site.manage("run_site")
    assert second.returncode != 0
    assert "already running" in second.stderr


def test_check_music_says_it_in_words(site: RunningSite) -> None:
    done = site.manage("check_music", str(settings.BASE_DIR / "tests/audio/palace.mp3"))
    assert done.returncode == 0, done.stderr
    assert "duplicate: palace" in done.stdout


def test_stop_ends_all_and_a_new_start_loses_nothing(site: RunningSite) -> None:
    before = site.manage("shell", "-c", "from catalog.models import Track; print('tracks', Track.objects.count())")
    site.stop()
    await_true(lambda: site.processes() == [], within_s=15)
    site.start()
    after = site.manage("shell", "-c", "from catalog.models import Track; print('tracks', Track.objects.count())")
    assert [line for line in before.stdout.splitlines() if line.startswith("tracks")] == [
        line for line in after.stdout.splitlines() if line.startswith("tracks")
    ]
    login_lines = [line for line in site.output.splitlines() if "API key" in line]
    assert len(login_lines) == 1
    started_s = time.monotonic()
    site.stop()
    assert time.monotonic() - started_s < 30
    assert site.processes() == []


def test_port_in_use_is_said(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415

    other = RunningSite(tmp_path / "data", database_url=None)
    other.folder.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other.port))
        taken.listen()
        done: subprocess.CompletedProcess[str] = other.manage("run_site")
    assert done.returncode != 0
    assert f"PORT={other.port + 1} make run" in done.stderr
