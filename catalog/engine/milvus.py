"""``MilvusIndex``: the index in a Milvus cluster, shared by every process. The only door to pymilvus.

A build is two collections: one with the vectors, and one with a row a track and a row that says how far the log was
applied. The alias ``<name>`` leads to the latter of the build that counts. That row lies beside what it is about: where
Milvus is lost, or an older backup of it returns, the row goes with it.
"""

import contextlib
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import numpy as np

from catalog.engine import milvus_rows
from catalog.engine.embedding import Vectors, projection_digest
from catalog.engine.errors import IndexUnavailable
from catalog.engine.layout import LAYOUT_VERSION
from catalog.engine.milvus_rows import CANARY_EVERY, ROW_DIMENSIONS, Ids, Rows
from catalog.engine.params import PARAMETERS_VERSION
from catalog.engine.patches import HALVES
from catalog.engine.reference_index import NOTHING, Entry, Health, Neighbours, Operation, Size
from catalog.engine.spectrogram import Floats

STRONG = {"consistency_level": "Strong"}  # sees whatever was acknowledged before the call, by any process
LISTS = 1024  # inverted lists a segment
THOROUGH_LISTS, PROBE_LISTS = 32, 16  # of them read for each vector
MOST_REPLICAS = 2
CANARIES_A_NODE, FEWEST_CANARIES, MOST_CANARIES = 8, 16, 128
_ROWS_A_CALL = 20_000  # 4 MB
_QUESTIONS_A_CALL = 8_192  # the server takes 16,384
_TRACKS_A_CALL = 500
_IDS_A_CALL = 500_000
_STATE_ID = -(1 << 62)
_SCHEMES = {"milvus": "http", "milvus+tls": "https"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
_PORT = 19530
_FACTORY_PASSWORD = "Milvus"  # noqa: S105  (everybody knows it: that is why it is replaced)


@dataclass(frozen=True)
class MilvusAddress:
    """Where the cluster is, and the name of the index in it."""

    uri: str
    user: str
    password: str = field(repr=False)
    name: str
    timeout_s: float

    @classmethod
    def parse(cls, text: str, *, timeout_s: float) -> Self:
        """The address that ``milvus://user:password@host:port/name`` names; ``milvus+tls://`` for a cluster with TLS.

        ``ValueError`` says in words what is wrong, and never the password.
        """
        parts = urlsplit(text)
        name = parts.path.removeprefix("/")
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("It must be milvus://user:password@host:port/name, or milvus+tls://….")
        if not _NAME.fullmatch(name):
            raise ValueError("The name at its end must be a letter and up to 29 letters, digits and underscores.")
        if not parts.username or not parts.password:
            raise ValueError("It must name a user and a password: Milvus listens on every interface.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        uri = f"{_SCHEMES[parts.scheme]}://{host}:{parts.port or _PORT}"
        return cls(uri, unquote(parts.username), unquote(parts.password), name, timeout_s)


@dataclass(frozen=True)
class State:
    """How far a build has come, and what it holds. ``touched``: tracks being written, left out of the totals."""

    sequence: int = 0
    mark: str = ""
    tracks: int = 0
    vectors: int = 0
    seconds: float = 0.0
    touched: tuple[int, ...] = ()
    layout: str = ""

    def without(self, rows: Iterable[dict[str, Any]]) -> "State":
        """As it is when these tracks are left out."""
        return self._changed(rows, -1)

    def plus(self, rows: Iterable[dict[str, Any]]) -> "State":
        """As it is when these tracks are in."""
        return self._changed(rows, 1)

    def _changed(self, rows: Iterable[dict[str, Any]], sign: int) -> "State":
        rows = list(rows)
        return replace(
            self,
            tracks=self.tracks + sign * len(rows),
            vectors=self.vectors + sign * sum(row["vectors"] for row in rows),
            seconds=self.seconds + sign * sum(row["seconds"] for row in rows),
        )


def layout() -> str:
    """What must be the same for vectors to be compared."""
    return f"{PARAMETERS_VERSION} {LAYOUT_VERSION} {projection_digest()}"


def take_factory_password(address: MilvusAddress) -> bool:
    """Replace the password that Milvus comes with by the address's; False where it was replaced already.

    ``IndexUnavailable`` where neither is right, or nobody answers.
    """
    with _unavailable():
        from pymilvus import MilvusClient  # noqa: PLC0415
        from pymilvus.exceptions import MilvusException  # noqa: PLC0415

        known = {"uri": address.uri, "user": address.user, "timeout": address.timeout_s}
        try:
            MilvusClient(**known, password=address.password).list_collections(timeout=address.timeout_s)
        except MilvusException:
            client = MilvusClient(**known, password=_FACTORY_PASSWORD)
            client.update_password(address.user, _FACTORY_PASSWORD, address.password, timeout=address.timeout_s)
            return True
        return False


class MilvusIndex:
    """A ``ReferenceIndex``. Not locked: whoever shares it between threads locks it. Open it after a fork."""

    def __init__(self, address: MilvusAddress, *, mark_of: Callable[[int], str] = lambda _: "") -> None:
        """``mark_of`` tells an operation of this log from the one with the same number of another."""
        self._address = address
        self._mark_of = mark_of
        self._build = ""
        self._state = State()

    def close(self) -> None:
        """Let go of the connection; the next call makes another."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    # --- reading ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read how far the build that counts has come; one of another layout or of another log counts as none."""
        with _unavailable():
            self._build, self._state = self._read()

    def applied_sequence(self) -> int:
        """The last operation that Milvus has, as this process last knew it."""
        return self._state.sequence

    def size(self) -> Size:
        """As this process last knew it."""
        return Size(self._state.tracks, self._state.vectors, self._state.seconds)

    def nearest(self, queries: Vectors, k: int, *, thorough: bool) -> Neighbours:
        """One call for all, canaries among them; ``IndexUnavailable`` where one of those is not found."""
        shape = (HALVES, len(queries.values), k)
        canaries = milvus_rows.some_canaries(self._state.sequence, self._canaries)
        asked = milvus_rows.questions(queries, canaries if self._build else [])
        keys = np.zeros((len(asked.values), k), np.int64)
        scores = np.full((len(asked.values), k), NOTHING, np.float32)
        if self._build:
            with _unavailable():
                self._search(asked.values, keys, scores, PROBE_LISTS if not thorough else THOROUGH_LISTS)
            lost = milvus_rows.lost_canaries(asked, keys, scores)
            if lost:
                raise IndexUnavailable(f"Milvus searched only a part of the index ({len(lost)} canaries are missing).")
        return milvus_rows.neighbours(asked, keys, scores, shape)

    def twins(self, digest: bytes) -> list[int]:
        """The tracks with exactly this fingerprint."""
        if not self._build:
            return []
        with _unavailable():
            rows = self._query(filter=f'digest == "{digest.hex()}"', output_fields=["id"])
        return sorted(int(row["id"]) for row in rows)

    def census(self) -> tuple[Ids, Ids]:
        """Every track that is in, and its number of vectors, counted one by one. Slow, for verification."""
        if not self._build:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        with _unavailable():
            listed, keys = self._every_id(self._tracks), self._every_id(self._build)
        owners = milvus_rows.track_of(keys[~milvus_rows.is_canary(keys)])
        track_ids, counts = np.unique(np.concatenate([listed[listed != _STATE_ID], owners]), return_counts=True)
        return track_ids, counts - np.isin(track_ids, listed)

    def health(self) -> Health:
        """Ask for canaries alone."""
        facts: dict[str, str | int | float] = {"engine": "Milvus", "address": self._address.uri, "build": self._build}
        try:
            self.refresh()
            self.nearest(milvus_rows.NO_QUERIES, 1, thorough=False)
            facts |= {"query nodes": self._nodes()}
        except IndexUnavailable as error:
            return Health(is_complete=False, facts=facts | {"problem": str(error)})
        return Health(is_complete=True, facts=facts)

    # --- writing ------------------------------------------------------------------------------------------

    def apply(self, operations: Sequence[Operation]) -> None:
        """Write what is new in them, if no other process does. Writing it twice changes nothing."""
        if not operations:
            return
        known, last = self._state.sequence, operations[-1].sequence
        with self._writing(lambda: self._has(last)) as is_mine, _unavailable():
            self._build, self._state = self._read()
            if self._state.sequence < known:
                raise IndexUnavailable("The index in Milvus was replaced by an older one.")
            if is_mine and self._state.sequence < last:
                self._write({operation.track_id: operation for operation in operations}, last)

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Fill a new build beside the old one, then let the alias lead to it."""
        with _unavailable():
            build = self._create()
            state = State(layout=layout())
            canaries, left = list(range(milvus_rows.canaries_up_to(sequence))), iter(entries)
            share = max(1, len(canaries) * _TRACKS_A_CALL // max(1, expected))
            while some := list(islice(left, _TRACKS_A_CALL)):
                rows = [_track_row(entry) for entry in some]
                parts = [milvus_rows.track_rows(entry) for entry in some] + [milvus_rows.canary_rows(canaries[:share])]
                self._insert(build, milvus_rows.joined(parts))
                self._client.upsert(f"{build}_tracks", rows, timeout=self._address.timeout_s)
                del canaries[:share]
                state = state.plus(rows)
            self._insert(build, milvus_rows.canary_rows(canaries))
            self._client.flush(build, timeout=10 * self._address.timeout_s)
            self._store(build, replace(state, sequence=sequence, mark=self._mark_of(sequence)))
        with self._writing(lambda: False), _unavailable():
            self._switch(build)
            self._drop_all_but(build)
            self._build, self._state = self._read()

    def exclusive(self) -> AbstractContextManager[object]:
        """Nobody else is known here: see who inherits."""
        return contextlib.nullcontext()

    def checkpoint(self) -> None:
        """Milvus has written it already."""

    @contextlib.contextmanager
    def _writing(self, is_done: Callable[[], bool]) -> Iterator[bool]:  # noqa: ARG002
        """Held around a write; False where another process has done it. Nobody else is known here: see who inherits."""
        yield True

    def _before_publishing(self) -> None:
        """Make sure that the right to write is still held."""

    def _has(self, sequence: int) -> bool:
        self.refresh()
        return self._state.sequence >= sequence

    def _write(self, last_words: dict[int, Operation], last: int) -> None:
        if not self._build:
            build = self._create()
            self._insert(build, milvus_rows.canary_rows([0]))
            self._store(build, State(layout=layout()))
            self._switch(build)
            self._build, self._state = build, State(layout=layout())
        state = self._state
        changed = {track: word for track, word in last_words.items() if word.sequence > state.sequence}
        old = self._rows_of(set(changed) | set(state.touched))
        # The totals leave out what is being written, so that whoever goes on after a crash counts nothing twice.
        base = state.without(row for row in old if row["id"] not in state.touched)
        base = base.plus(row for row in old if row["id"] not in changed)
        base = replace(base, touched=tuple(changed))
        self._store(self._build, base)
        new = self._write_tracks(changed, old, range(state.sequence // CANARY_EVERY + 1, last // CANARY_EVERY + 1))
        done = replace(base.plus(new), sequence=last, mark=self._mark_of(last), touched=())
        self._before_publishing()
        self._store(self._build, done)
        self._state = done

    def _write_tracks(
        self, changed: dict[int, Operation], old: list[dict[str, Any]], canaries: Iterable[int]
    ) -> list[dict[str, Any]]:
        """Vectors first, then what is left over of older ones, and the tracks' rows last: they say what there was."""
        entries = [word.entry for word in changed.values() if word.entry is not None]
        written = milvus_rows.joined([*map(milvus_rows.track_rows, entries), milvus_rows.canary_rows(list(canaries))])
        for some in written.chunks(_ROWS_A_CALL):
            self._client.upsert(self._build, _as_rows(some), timeout=self._address.timeout_s)
        before = [milvus_rows.all_keys(row["id"], row["positions"]) for row in old if row["id"] in changed]
        if before:
            left_over = np.setdiff1d(np.concatenate(before), written.keys)
            for start in range(0, len(left_over), _ROWS_A_CALL):
                ids = left_over[start : start + _ROWS_A_CALL].tolist()
                self._client.delete(self._build, ids=ids, timeout=self._address.timeout_s)
        rows = [_track_row(entry) for entry in entries]
        gone = [row["id"] for row in old if row["id"] in changed and changed[row["id"]].entry is None]
        if rows:
            self._client.upsert(self._tracks, rows, timeout=self._address.timeout_s)
        if gone:
            self._client.delete(self._tracks, ids=gone, timeout=self._address.timeout_s)
        return rows

    # --- Milvus -------------------------------------------------------------------------------------------

    @cached_property
    def _client(self) -> Any:
        from pymilvus import MilvusClient  # noqa: PLC0415  (72 MB that only this index needs)

        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # its errors are raised as well
        address = self._address
        known = {"uri": address.uri, "user": address.user, "password": address.password}
        # Of its own: pymilvus closes a shared connection under everybody when one call meets an error.
        return MilvusClient(**known, timeout=address.timeout_s, dedicated=True)

    @property
    def _tracks(self) -> str:
        return f"{self._build}_tracks"

    @cached_property
    def _canaries(self) -> int:
        """So many that losing one node of the cluster loses one of them for certain."""
        with _unavailable():
            return min(MOST_CANARIES, max(FEWEST_CANARIES, CANARIES_A_NODE * self._nodes()))

    def _nodes(self) -> int:
        group = self._client.describe_resource_group("__default_resource_group", timeout=self._address.timeout_s)
        return int(group.num_available_node)

    def _read(self) -> tuple[str, State]:
        """The build that the alias leads to, and its state; none where it cannot be used."""
        name = self._address.name
        if not self._client.has_collection(name, timeout=self._address.timeout_s):
            return "", State()
        tracks = str(self._client.describe_collection(name, timeout=self._address.timeout_s)["collection_name"])
        self._build = tracks.removesuffix("_tracks")
        rows = self._query(ids=[_STATE_ID], output_fields=["note"])
        if not rows:
            return "", State()
        known = json.loads(rows[0]["note"])
        state = State(**known | {"touched": tuple(known["touched"])})
        if state.layout != layout() or (state.sequence and state.mark != self._mark_of(state.sequence)):
            return "", State()
        return self._build, state

    def _store(self, build: str, state: State) -> None:
        self._client.upsert(f"{build}_tracks", [_state_row(state)], timeout=self._address.timeout_s)

    def _switch(self, build: str) -> None:
        """Let the alias lead to ``build``."""
        self._before_publishing()
        name, timeout_s = self._address.name, self._address.timeout_s
        is_known = self._client.has_collection(name, timeout=timeout_s)
        change = self._client.alter_alias if is_known else self._client.create_alias
        change(f"{build}_tracks", name, timeout=timeout_s)

    def _drop_all_but(self, build: str) -> None:
        """Older builds, and those that were not finished."""
        name, timeout_s = self._address.name, self._address.timeout_s
        own = re.compile(rf"{re.escape(name)}_b[0-9a-f]{{12}}(_tracks)?")
        for other in self._client.list_collections(timeout=timeout_s):
            if own.fullmatch(other) and not other.startswith(build):
                self._client.drop_collection(other, timeout=timeout_s)

    def _create(self) -> str:
        from pymilvus import DataType, MilvusClient  # noqa: PLC0415

        build = f"{self._address.name}_b{uuid.uuid4().hex[:12]}"
        vectors = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        vectors.add_field("id", DataType.INT64, is_primary=True)
        vectors.add_field("vector", DataType.FLOAT_VECTOR, dim=ROW_DIMENSIONS)
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type="IVF_SQ8", metric_type="IP", params={"nlist": LISTS})
        self._create_collection(build, vectors, index)
        tracks = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        tracks.add_field("id", DataType.INT64, is_primary=True)
        tracks.add_field("digest", DataType.VARCHAR, max_length=64)
        tracks.add_field("positions", DataType.INT64)
        tracks.add_field("vectors", DataType.INT64)
        tracks.add_field("seconds", DataType.DOUBLE)
        tracks.add_field("note", DataType.VARCHAR, max_length=65_535)
        tracks.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # Milvus wants one in every collection
        index = MilvusClient.prepare_index_params()
        index.add_index("unused", index_type="FLAT", metric_type="IP", params={})
        index.add_index("digest", index_type="Trie")
        self._create_collection(f"{build}_tracks", tracks, index)
        return build

    def _create_collection(self, name: str, schema: Any, index: Any) -> None:
        timeout_s = self._address.timeout_s
        self._client.create_collection(name, schema=schema, num_shards=1, timeout=timeout_s)
        self._client.create_index(name, index, sync=False, timeout=timeout_s)
        replicas = min(MOST_REPLICAS, max(1, self._nodes()))
        self._client.load_collection(name, replica_number=replicas, timeout=timeout_s)

    def _insert(self, build: str, rows: Rows) -> None:
        for some in rows.chunks(_ROWS_A_CALL):
            self._client.insert(build, _as_rows(some), timeout=self._address.timeout_s)

    def _search(self, values: Floats, keys: Ids, scores: Floats, lists: int) -> None:
        """Fill (n, k) ``keys`` and ``scores``; what is not found stays as it was."""
        parameters = {"metric_type": "IP", "params": {"nprobe": lists}}
        for start in range(0, len(values), _QUESTIONS_A_CALL):
            answers = self._client.search(
                self._build,
                data=list(values[start : start + _QUESTIONS_A_CALL]),
                limit=keys.shape[1],
                search_params=parameters,
                timeout=self._address.timeout_s,
                **STRONG,
            )
            for row, hits in enumerate(answers, start):
                keys[row, : len(hits)] = [hit["id"] for hit in hits]
                scores[row, : len(hits)] = [hit["distance"] for hit in hits]

    def _rows_of(self, track_ids: Iterable[int]) -> list[dict[str, Any]]:
        wanted, found = sorted(track_ids), []
        for start in range(0, len(wanted), _TRACKS_A_CALL):
            fields = ["id", "positions", "vectors", "seconds"]
            found += self._query(ids=wanted[start : start + _TRACKS_A_CALL], output_fields=fields)
        return found

    def _query(self, **asked: Any) -> list[dict[str, Any]]:
        return list(self._client.query(self._tracks, timeout=self._address.timeout_s, **asked, **STRONG))

    def _every_id(self, collection: str) -> Ids:
        """Every key of a collection, some hundred thousand a call: pymilvus' own iterator does not read Strong."""
        parts = self._state.vectors // _IDS_A_CALL + 1
        found: list[int] = []
        for part in range(parts):
            filter_ = f"id % {parts} == {part}" + (f" or id % {parts} == -{part}" if part else "")
            rows = self._client.query(
                collection, filter=filter_, output_fields=["id"], timeout=self._address.timeout_s, **STRONG
            )
            found += [row["id"] for row in rows]
        return np.array(found, np.int64)


def _as_rows(rows: Rows) -> list[dict[str, Any]]:
    return [{"id": key, "vector": values} for key, values in zip(rows.keys.tolist(), rows.values, strict=True)]


def _track_row(entry: Entry) -> dict[str, Any]:
    vectors = entry.vectors
    counts = {"positions": len(vectors.values), "vectors": int(vectors.heard.sum()), "seconds": entry.duration_s}
    return {"id": entry.track_id, "digest": entry.digest.hex(), **counts, "note": "", "unused": [0.0, 0.0]}


def _state_row(state: State) -> dict[str, Any]:
    nothing = {"digest": "", "positions": 0, "vectors": 0, "seconds": 0.0, "unused": [0.0, 0.0]}
    return {"id": _STATE_ID, "note": json.dumps(asdict(state)), **nothing}


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    """Turn whatever the client raises into the one error that means: try later."""
    import grpc  # noqa: PLC0415
    from pymilvus.exceptions import MilvusException  # noqa: PLC0415

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        words = getattr(error, "message", "") or type(error).__name__
        raise IndexUnavailable(f"Milvus does not answer as it should: {str(words)[:300]}") from error
