"""The faults: what they do to the stack, drawn by a seed so that a run can be had again."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bench.chaos import lost_leases, processes
from bench.chaos.postgres import Postgres
from bench.chaos.processes import Process
from bench.chaos.stack import Stack

FINGERPRINT, WEBHOOKS = "fingerprint", "webhooks"
IDLE_WITHIN_S = 40.0
CATCH_WITHIN_S = 8.0  # how long a process that is there only now and then is looked for
FROZEN_S, CLOCK_S, FULL_S, DATABASE_DOWN_S = (1.0, 6.0), (4.0, 12.0), (2.0, 8.0), (0.5, 5.0)
CLOCK_MOVES_S = (-3600, -90, 90, 3600)
LOSE_SCAN = "set the clock back on a scan whose worker died"
LOSE_COMPACTION = "set the clock back on a compaction that died"
ALWAYS = {LOSE_SCAN, LOSE_COMPACTION}


@dataclass
class Faults:
    """Every kind in turn, in an order that the seed gives; `done` counts those that met something."""

    stack: Stack
    postgres: Postgres | None
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    quiet: threading.Event = field(default_factory=threading.Event)  # the clients ask for nothing while it is set

    def __post_init__(self) -> None:
        """Shuffle."""
        self.chance = random.Random(self.seed)
        self._waiting: list[str] = []

    def kinds(self) -> dict[str, Callable[[], bool]]:
        """Return every fault that can be had here, by name."""
        kinds: dict[str, Callable[[], bool]] = {
            "kill a web worker": lambda: self._kill(processes.web_workers(self.stack.processes())),
            "kill the monitor": self._role(FINGERPRINT, "monitor"),
            "kill the callbacks' monitor": self._role(WEBHOOKS, "monitor"),
            "kill the pusher": self._role(FINGERPRINT, "pusher"),
            "kill the callbacks' pusher": self._role(WEBHOOKS, "pusher"),
            "kill a busy worker": self._role(FINGERPRINT, "processing"),
            "kill a worker that sends": self._role(WEBHOOKS, "processing"),
            "kill the holder of the queue lock": lambda: self._kill_lock_holder(FINGERPRINT),
            "kill the holder of the callbacks' lock": lambda: self._kill_lock_holder(WEBHOOKS),
            "kill a sentinel": lambda: self._kill(
                processes.sentinel(self.stack.processes(), self.chance.choice([FINGERPRINT, WEBHOOKS]))
            ),
            "kill the decoder": lambda: self._catch(lambda: processes.decoders(self.stack.folder)),
            "kill a watchdog": lambda: self._kill(self._named("run_queue")),
            "kill the sweeper": lambda: self._kill(self._named("run_sweeper")),
            "stop a process for a while": self._freeze,
        }
        if self.stack.clock:
            kinds["move the clock"] = self._move_clock
            kinds[LOSE_SCAN] = partial(lost_leases.lose_scan, self.stack, FINGERPRINT)
            kinds[LOSE_COMPACTION] = partial(lost_leases.lose_compaction, self.stack)
        if self.stack.disk:
            kinds["fill the disk"] = self._fill_disk
        if self.postgres:
            kinds["kill PostgreSQL"] = partial(self._kill_postgres, self.postgres)
        return kinds

    @property
    def wanted(self) -> set[str]:
        """Kinds that every run has to do, and has not done yet."""
        return ALWAYS & set(self.kinds()) - set(self.done)

    @property
    def never_met(self) -> list[str]:
        """Kinds that found nothing to meet so far, or had no turn."""
        return sorted(set(self.kinds()) - set(self.done))

    def one(self) -> str:
        """Do the next fault; return its name."""
        kinds = self.kinds()
        if not self._waiting:
            self._waiting = sorted(kinds)
            self.chance.shuffle(self._waiting)
            self._waiting.sort(key=lambda kind: kind in self.wanted)  # the last is the first to come
        name = self._waiting.pop()
        if kinds[name]():
            self.done[name] += 1
            return name
        return f"{name}: nothing there yet"

    def _named(self, word: str) -> list[Process]:
        return [process for process in self.stack.processes() if word in process.command]

    def _role(self, cluster: str, role: str) -> Callable[[], bool]:
        return lambda: self._catch(lambda: processes.queue_role(self.stack.processes(), cluster, role))

    def _kill(self, found: list[Process], number: int = signal.SIGKILL) -> bool:
        return bool(found) and self.chance.choice(sorted(found, key=lambda p: p.pid)).signal(number)

    def _kill_lock_holder(self, cluster: str) -> bool:
        """Kill the idle worker that waits for the next task; the clients keep quiet until there is one."""
        self.quiet.set()
        try:
            return self._catch(lambda: processes.lock_holders(self.stack.processes(), cluster), within_s=IDLE_WITHIN_S)
        finally:
            self.quiet.clear()

    def _catch(self, look: Callable[[], list[Process]], *, within_s: float = CATCH_WITHIN_S) -> bool:
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            if self._kill(look()):
                return True
            time.sleep(0.02)
        return False

    def _freeze(self) -> bool:
        found = [process for process in self.stack.processes() if "run_site" not in process.command]
        if not found:
            return False
        process = self.chance.choice(sorted(found, key=lambda p: p.pid))
        stopped = process.signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(*FROZEN_S))
        process.signal(signal.SIGCONT)
        return stopped

    def _move_clock(self) -> bool:
        self.stack.set_clock(self.chance.choice(CLOCK_MOVES_S))
        time.sleep(self.chance.uniform(*CLOCK_S))
        self.stack.set_clock(0)
        return True

    def _fill_disk(self) -> bool:
        ballast = self.stack.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                while file.write(bytes(1 << 20)):
                    pass
        except OSError:
            time.sleep(self.chance.uniform(*FULL_S))
        finally:
            ballast.unlink(missing_ok=True)
        return True

    def _kill_postgres(self, postgres: Postgres) -> bool:
        postgres.kill()
        time.sleep(self.chance.uniform(*DATABASE_DOWN_S))
        postgres.start()
        return True
