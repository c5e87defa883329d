"""The columns and indexes of a build's two collections: (schema, index) each, as pymilvus takes them."""

from typing import Any

from catalog.engine.index.milvus.rows import ROW_DIMENSIONS

LISTS = 1024  # inverted lists a segment
THOROUGH_LISTS, PROBE_LISTS = 32, 16  # of them read for each vector
MOST_NOTE_BYTES = 65_535


def of_vectors() -> tuple[Any, Any]:
    """The collection of vectors by key, in an inverted file with eight bits a number."""
    from pymilvus import DataType, MilvusClient  # noqa: PLC0415

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=ROW_DIMENSIONS)
    index = MilvusClient.prepare_index_params()
    index.add_index("vector", index_type="IVF_SQ8", metric_type="IP", params={"nlist": LISTS})
    return schema, index


def of_tracks() -> tuple[Any, Any]:
    """The collection with a row for each track and canary, and one row whose note is the state."""
    from pymilvus import DataType, MilvusClient  # noqa: PLC0415

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("digest", DataType.VARCHAR, max_length=64)
    schema.add_field("positions", DataType.INT64)
    schema.add_field("vectors", DataType.INT64)
    schema.add_field("seconds", DataType.DOUBLE)
    schema.add_field("note", DataType.VARCHAR, max_length=MOST_NOTE_BYTES)
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # Milvus wants one in every collection
    index = MilvusClient.prepare_index_params()
    index.add_index("unused", index_type="FLAT", metric_type="IP", params={})
    index.add_index("digest", index_type="Trie")
    return schema, index
