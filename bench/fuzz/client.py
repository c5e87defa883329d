"""Sends the files through the public API and follows each to its end."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import requests

from bench.fuzz.cases import DONE, FAILED, REFUSED, Case

THREADS = 4
TIMEOUT_S = 180.0
END_WITHIN_S = 900.0
NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Ending:
    """How a case ended: a word of ``cases``, or the status nobody should see; ``reason`` in the API's words."""

    case: Case
    how: str
    reason: str = ""
    music_id: str = ""

    @property
    def as_allowed(self) -> bool:
        """Whether this case may end so."""
        return self.how in self.case.may


class Client:
    """The API with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.statuses: list[int] = []
        self._url = f"{url}/api/v1"
        self._head = {"Authorization": f"Bearer {key}"}
        self._local = threading.local()

    def run(self, cases: Iterable[Case]) -> Iterator[Ending]:
        """Every case to its end, a few at a time, in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(self._to_its_end, cases)

    def _to_its_end(self, case: Case) -> Ending:
        try:
            return self._follow(case)
        except (requests.RequestException, TimeoutError) as error:
            return Ending(case, NO_ANSWER, f"{type(error).__name__}: {error}")

    def _follow(self, case: Case) -> Ending:
        uploaded = self._call("POST", case.call, **_multipart(case))
        if uploaded.status_code == 422:
            return Ending(case, REFUSED, uploaded.json()["detail"])
        if uploaded.status_code != 200:
            return Ending(case, str(uploaded.status_code), uploaded.text[:300])
        music_id = uploaded.json()["musicId"]
        task = "check" if len(case.data) % 2 else "add"
        accepted = self._call("POST", f"fingerprint/{task}", json={"musicId": music_id})
        if accepted.status_code != 200:
            return Ending(case, str(accepted.status_code), accepted.text[:300], music_id)
        result = self._result(accepted.json()["taskId"])
        return Ending(case, DONE if result["status"] == "success" else FAILED, result.get("error", ""), music_id)

    def _result(self, task_id: str) -> dict[str, str]:
        end_s = time.monotonic() + END_WITHIN_S
        while time.monotonic() < end_s:
            answer = self._call("GET", f"task/result/{task_id}")
            body: dict[str, str] = json.loads(answer.content)
            if body.get("status") in ("success", "failure"):
                return body
            time.sleep(0.1)
        raise TimeoutError(f"{task_id} did not end within {END_WITHIN_S:g} s")

    def _call(self, method: str, path: str, **body: object) -> requests.Response:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        headers = self._head | body.pop("headers", {})  # type: ignore[operator]
        answer: requests.Response = self._local.session.request(
            method, f"{self._url}/{path}", headers=headers, timeout=TIMEOUT_S, **body
        )
        self.statuses.append(answer.status_code)
        return answer


def _multipart(case: Case) -> dict[str, object]:
    """The body by hand: client libraries would tidy the name up."""
    boundary = uuid4().hex
    field = b"file" if case.call == "music" else b"fingerprint"
    disposition = b'form-data; name="%b"; filename="%b"' % (field, case.name)
    head = b"--%b\r\nContent-Disposition: %b\r\n" % (boundary.encode(), disposition)
    body = head + b"Content-Type: audio/mpeg\r\n\r\n" + case.data + b"\r\n--%b--\r\n" % boundary.encode()
    return {"data": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}
