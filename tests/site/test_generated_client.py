"""A client that was generated from the published schema does the whole round against a running site."""

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.conf import settings

from tests.site.running import RunningSite, await_true

pytestmark = pytest.mark.cluster
PACKAGE = "generated_fingerprint_client"
CALLS = {
    "music": ("upload_music", "list_music", "get_music", "change_music", "delete_music"),
    "fingerprint": ("add_fingerprint", "check_fingerprint", "remove_fingerprint"),
    "task": ("task_result", "task_matches", "list_tasks"),
    "events": ("list_events",),
    "key": ("get_key",),
}
# Its hooks only lay the code out; of tus it does not know the type of a piece, which is bytes.
OPTIONS = """
post_hooks: []
content_type_overrides:
  application/offset+octet-stream: application/octet-stream
"""
MUSIC = settings.BASE_DIR / "tests/audio"


@pytest.fixture
def generated(site: RunningSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Generate the client from the schema of the site; give its calls, its models and a client with a key."""
    schema, options = tmp_path / "openapi.json", tmp_path / "options.yaml"
    schema.write_bytes(requests.get(f"{site.url}/api/schema/?format=json", timeout=30).content)
    options.write_text(OPTIONS, encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(schema), "--meta", "none"]
    command += ["--config", str(options), "--fail-on-warning", "--output-path", str(tmp_path / PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module(PACKAGE)
    calls = {
        name: importlib.import_module(f"{PACKAGE}.api.{tag}.{name}") for tag, names in CALLS.items() for name in names
    }
    key = site.manage("create_api_key", "demo", "--per-minute", "1000").stdout.splitlines()[-1]
    with package.AuthenticatedClient(base_url=site.url, token=key, raise_on_unexpected_status=True) as client:
        yield SimpleNamespace(
            client=client,
            models=importlib.import_module(f"{PACKAGE}.models"),
            types=importlib.import_module(f"{PACKAGE}.types"),
            call=lambda name, *args, **values: calls[name].sync(*args, client=client, **values),
            detailed=lambda name, *args, **values: calls[name].sync_detailed(*args, client=client, **values),
        )
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def upload(generated: Any, content: bytes, name: str, **values: Any) -> Any:
    """Upload bytes under a name."""
    file = generated.types.File(payload=content, file_name=name, mime_type="audio/mpeg")
    return generated.call("upload_music", body=generated.models.UploadRequest(file=file), **values)


def ended(generated: Any, task_id: str) -> Any:
    """Wait for the end of a task by the feed of events, as a client without an address does."""
    after = ""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        told = generated.call("list_events", wait=5, **({"after": after} if after else {}))
        found = [body for body in told.results if body.task_id == task_id]
        if found:
            return found[0]
        after = told.next_after
    raise AssertionError("the task did not end")


def test_the_whole_round(generated: Any) -> None:
    models, once = generated.models, f"round-{time.time()}"
    original = (MUSIC / "forest-dance.mp3").read_bytes()
    first = upload(generated, original, "the original.mp3", then=[models.UploadMusicThenItem.ADD])
    assert first.title == "the original"
    assert ended(generated, first.task_ids.add).status == models.TaskStatus.SUCCESS

    second = upload(generated, original[150_000:], "a cut.mp3", idempotency_key=once)
    assert upload(generated, original[150_000:], "a cut.mp3", idempotency_key=once).music_id == second.music_id
    asked = generated.call("check_fingerprint", body=models.MusicIdRequest(music_id=second.music_id))
    result = ended(generated, asked.task_id)
    assert result.result.is_duplicate is True
    assert generated.call("task_result", asked.task_id).to_dict() == result.to_dict()

    matches = generated.call("task_matches", asked.task_id).matches
    assert first.music_id in {match.music_id for match in matches}
    assert matches[0].is_copy
    assert matches[0].segments[0].query_end_s > 5

    batch = models.BatchRequest(music_ids=[str(first.music_id), str(second.music_id)])
    tasks = generated.call("check_fingerprint", body=batch).tasks
    assert [task.music_id for task in tasks] == [first.music_id, second.music_id]
    await_true(lambda: generated.call("task_result", tasks[-1].task_id).status == "success", within_s=60)

    change = models.PatchedChangeRequest(artist="Somebody")
    assert generated.call("change_music", str(second.music_id), body=change).artist == "Somebody"
    page = generated.call("list_music", limit=1)
    assert page.results[0].to_dict() == generated.call("get_music", str(second.music_id)).to_dict()
    assert page.next_cursor == str(second.music_id)
    assert first.music_id in {track.music_id for track in generated.call("list_music", cursor=page.next_cursor).results}
    rows = generated.call("list_tasks", music_id=second.music_id).results
    assert {row.task_id for row in rows} == {asked.task_id, tasks[-1].task_id}

    assert generated.call("remove_fingerprint", body=models.MusicIdRequest(music_id=first.music_id)).was_indexed
    for track in (first, second):
        assert generated.detailed("delete_music", str(track.music_id)).status_code == 204
        assert generated.detailed("get_music", str(track.music_id)).status_code == 404
    assert generated.call("get_key").limits.calls_per_minute == 1000


def test_errors_are_of_the_schemas_models(generated: Any) -> None:
    refused = generated.call("check_fingerprint", body=generated.models.BatchRequest(music_ids=["x"]))
    assert refused.errors.to_dict() == {"musicIds": ["'x' is not a musicId (a UUID)."]}
    assert generated.call("task_result", "task_20260402055414_LmxwriSZ").detail == "You have no task with this id."
