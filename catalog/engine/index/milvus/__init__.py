"""The index in a Milvus cluster. ``connection`` and ``schemas`` are the only doors to pymilvus.

From the outside in: ``index`` keeps the promises of a ``ReferenceIndex``; ``writing`` brings a build up to the log;
``build`` is the two collections that hold it; ``connection`` is the cluster; ``rows``, ``canaries`` and ``questions``
say how vectors lie there.
"""

from catalog.engine.index.milvus.address import MilvusAddress
from catalog.engine.index.milvus.connection import take_factory_password
from catalog.engine.index.milvus.index import MilvusIndex

__all__ = ["MilvusAddress", "MilvusIndex", "take_factory_password"]
