"""The connection to a Milvus cluster: the calls that this index needs, each with a timeout."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from catalog.engine.errors import IndexUnavailable
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.milvus.address import MilvusAddress
from catalog.engine.index.milvus.rows import Ids, Rows

STRONG = {"consistency_level": "Strong"}  # sees whatever was acknowledged before the call, by any process
MOST_REPLICAS = 2
_ROWS_A_CALL = 20_000  # 4 MB
_QUESTIONS_A_CALL = 8_192  # the server takes 16,384
_FACTORY_PASSWORD = "Milvus"  # noqa: S105  (everybody knows it: that is why it is replaced)


@contextlib.contextmanager
def unavailable() -> Iterator[None]:
    """Turn whatever the client raises in the block into ``IndexUnavailable``."""
    import grpc  # noqa: PLC0415
    from pymilvus.exceptions import MilvusException  # noqa: PLC0415

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        words = getattr(error, "message", "") or type(error).__name__
        raise IndexUnavailable(f"Milvus gave an unexpected answer: {str(words)[:300]}") from error


def take_factory_password(address: MilvusAddress) -> bool:
    """Replace Milvus' factory password by the one in the address; False where that had been done already.

    ``IndexUnavailable`` where neither password is right, or the cluster does not answer.
    """
    with unavailable():
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


class Connection:
    """It opens with the first call. Its calls raise what the client raises: wrap them in ``unavailable``."""

    def __init__(self, address: MilvusAddress) -> None:
        self._address = address
        self._timeout = {"timeout": address.timeout_s}

    @cached_property
    def _client(self) -> Any:
        from pymilvus import MilvusClient  # noqa: PLC0415  (72 MB that only this index needs)

        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # its errors are raised as well
        known = {"uri": self._address.uri, "user": self._address.user, "password": self._address.password}
        # Of its own: pymilvus closes a shared connection under everybody when one call meets an error.
        return MilvusClient(**known, **self._timeout, dedicated=True)

    def close(self) -> None:
        """Close the connection; the next call connects again."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def nodes(self) -> int:
        """How many query nodes of the cluster are up."""
        group = self._client.describe_resource_group("__default_resource_group", **self._timeout)
        return int(group.num_available_node)

    def replicas(self, collection: str) -> int:
        """How many copies of a collection the cluster has loaded."""
        return len(self._client.describe_replica(collection, **self._timeout))

    # --- collections ----------------------------------------------------------------------------------------

    def led_to(self, alias: str) -> str:
        """The collection that an alias leads to; empty where there is none."""
        if not self._client.has_collection(alias, **self._timeout):
            return ""
        return str(self._client.describe_collection(alias, **self._timeout)["collection_name"])

    def lead(self, alias: str, collection: str) -> None:
        """Let an alias lead to a collection, in one step."""
        is_known = self._client.has_collection(alias, **self._timeout)
        change = self._client.alter_alias if is_known else self._client.create_alias
        change(collection, alias, **self._timeout)

    def create(self, collection: str, schema: Any, index: Any) -> None:
        """Make a collection and load it, up to ``MOST_REPLICAS`` times where the cluster has that many query nodes."""
        self._client.create_collection(collection, schema=schema, num_shards=1, **self._timeout)
        self._client.create_index(collection, index, sync=False, **self._timeout)
        replicas = min(MOST_REPLICAS, max(1, self.nodes()))
        self._client.load_collection(collection, replica_number=replicas, **self._timeout)

    def collections(self) -> list[str]:
        """The names of all collections in the cluster, those of other programs too."""
        return list(self._client.list_collections(**self._timeout))

    def drop(self, collection: str) -> None:
        """Drop a collection."""
        self._client.drop_collection(collection, **self._timeout)

    def uncoded(self, collection: str) -> int:
        """How many sealed vectors are not coded yet: they take four times the room, and are compared one by one.

        Vectors that are not sealed do not count, nor do segments under 1,024 rows, which are never coded. The index's
        "state" does not help: it is about segments older than the index.
        """
        described = self._client.describe_index(collection, "vector", **self._timeout)
        return int(described["pending_index_rows"])

    # --- rows -----------------------------------------------------------------------------------------------

    def insert_vectors(self, collection: str, rows: Rows) -> None:
        """Add vectors whose keys are not in the collection yet."""
        for some in rows.chunks(_ROWS_A_CALL):
            self._client.insert(collection, _as_rows(some), **self._timeout)

    def upsert_vectors(self, collection: str, rows: Rows) -> None:
        """Add vectors, or replace those with the same keys."""
        for some in rows.chunks(_ROWS_A_CALL):
            self._client.upsert(collection, _as_rows(some), **self._timeout)

    def upsert(self, collection: str, rows: list[dict[str, Any]]) -> None:
        """Add a few rows in one call, or replace those with the same ids."""
        if rows:
            self._client.upsert(collection, rows, **self._timeout)

    def delete(self, collection: str, keys: Sequence[int]) -> None:
        """Delete the rows with these keys, where they are there."""
        for start in range(0, len(keys), _ROWS_A_CALL):
            self._client.delete(collection, ids=list(keys[start : start + _ROWS_A_CALL]), **self._timeout)

    def flush(self, collection: str) -> None:
        """Have Milvus write a collection to storage. Slow: it may take ten times the timeout."""
        self._client.flush(collection, timeout=10 * self._address.timeout_s)

    def query(self, collection: str, **asked: Any) -> list[dict[str, Any]]:
        """Rows by key (``ids``) or by ``filter``. They hold all that any process wrote before."""
        return list(self._client.query(collection, **asked, **self._timeout, **STRONG))

    def search(
        self, collection: str, values: Floats, lists: int, keys: Ids, scores: Floats, *, condition: str = ""
    ) -> None:
        """Fill (n, k) ``keys`` and ``scores`` with the nearest of (n, ROW_DIMENSIONS) ``values``, best first.

        Scores are inner products. Where fewer are found the rest stays as it was. ``lists``: inverted lists that are
        read in each segment. ``condition``: a filter of rows, in Milvus' own language.
        """
        parameters = {"metric_type": "IP", "params": {"nprobe": lists}}
        for start in range(0, len(values), _QUESTIONS_A_CALL):
            answers = self._client.search(
                collection,
                data=list(values[start : start + _QUESTIONS_A_CALL]),
                limit=keys.shape[1],
                search_params=parameters,
                filter=condition,
                **self._timeout,
                **STRONG,
            )
            for row, hits in enumerate(answers, start):
                keys[row, : len(hits)] = [hit["id"] for hit in hits]
                scores[row, : len(hits)] = [hit["distance"] for hit in hits]


def _as_rows(rows: Rows) -> list[dict[str, Any]]:
    return [{"id": key, "vector": values} for key, values in zip(rows.keys.tolist(), rows.values, strict=True)]
