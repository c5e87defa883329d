"""A look at what hangs holds its own thread, and those who ask for a while at most."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog.engine import IndexUnavailable
from catalog.services.index import one_look
from catalog.services.index.one_look import OneLook

pytestmark = pytest.mark.slow


class Hanging:
    """What is looked at: hangs while it is told to, and counts the looks."""

    def __init__(self) -> None:
        self.free, self.looks, self.seen = threading.Event(), 0, 0

    def look(self) -> int:
        self.looks += 1
        assert self.free.wait(30)
        self.seen += 1
        return self.seen


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """It hangs; no thread is left behind."""
    thing = Hanging()
    yield thing
    thing.free.set()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for half a second, and keep answers for a fifth."""
    monkeypatch.setattr(one_look, "PATIENCE_S", 0.5)
    monkeypatch.setattr(one_look, "KEPT_S", 0.2)


def took(ask: Callable[[], object]) -> tuple[object, float]:
    """Return the answer, or the error's class, and the seconds that it took."""
    began_s = time.monotonic()
    try:
        answer = ask()
    except Exception as error:  # noqa: BLE001
        answer = type(error)
    return answer, time.monotonic() - began_s


def test_what_hangs_holds_nobody_for_long(hanging: Hanging) -> None:
    one = OneLook(hanging.look)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: took(one.answer), range(8)))
    assert {answer for answer, _ in answers} == {IndexUnavailable}
    assert max(seconds for _, seconds in answers) < 2
    answer, seconds = took(one.answer)
    assert (answer, seconds < 0.2) == (IndexUnavailable, True), "it is known by now that it hangs"
    assert hanging.looks == 1


def test_it_is_looked_at_again_when_it_answers(hanging: Hanging) -> None:
    one = OneLook(hanging.look)
    assert took(one.answer)[0] is IndexUnavailable
    hanging.free.set()
    time.sleep(0.1)
    assert one.answer() >= 1


def test_others_get_the_last_answer_while_one_looks(hanging: Hanging) -> None:
    hanging.free.set()
    one = OneLook(hanging.look)
    assert one.answer() == 1
    time.sleep(0.3)
    hanging.free.clear()
    with ThreadPoolExecutor(1) as pool:
        own = pool.submit(took, one.answer)
        time.sleep(0.1)
        answer, seconds = took(one.answer)
        assert (answer, seconds < 0.2) == (1, True)
        assert own.result()[0] is IndexUnavailable
    assert took(one.answer)[0] is IndexUnavailable, "an old answer is not given out for what has hung for long"


def test_an_answer_is_kept_for_a_moment(hanging: Hanging) -> None:
    hanging.free.set()
    one = OneLook(hanging.look)
    assert [one.answer() for _ in range(5)] == [1] * 5
    time.sleep(0.3)
    assert one.answer() == 2


def test_an_error_is_told_to_all_who_asked() -> None:
    def look() -> None:
        raise IndexUnavailable("gone")

    one = OneLook(look)
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="gone"):
            one.answer()
