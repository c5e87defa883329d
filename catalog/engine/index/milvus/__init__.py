"""The index in a Milvus cluster. Only ``connection`` and ``schemas`` import pymilvus.

From the outside in: ``index`` is the ``ReferenceIndex``; ``writing`` brings a build up to the log; ``build`` is the two
collections that hold it; ``connection`` calls the cluster; ``rows``, ``canaries`` and ``questions`` say how vectors lie
there.
"""

from catalog.engine.index.milvus.address import MilvusAddress
from catalog.engine.index.milvus.connection import take_factory_password
from catalog.engine.index.milvus.index import MilvusIndex

__all__ = ["MilvusAddress", "MilvusIndex", "take_factory_password"]
