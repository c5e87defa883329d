"""Filling folded columns of rows that were there before them; for migrations, which may be broken off and repeated."""

from collections.abc import Iterator
from typing import Any

from django.db import models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from textsearch.fields import FoldedField, folded_fields

BATCH = 2000


def fill(model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fold every row of `model`, a transaction a batch: others may write in between."""
    for field in folded_fields(model):
        for rows in _batches(model, field):
            pairs = [(field.folded(texts), key) for key, *texts in rows]
            _write(schema_editor, model, field, [pair for pair in pairs if pair[0]])


def _batches(model: type[models.Model], field: FoldedField) -> Iterator[list[tuple[Any, ...]]]:
    last = None
    while True:
        rows = model._default_manager.order_by("pk")  # noqa: SLF001
        ahead = rows if last is None else rows.filter(pk__gt=last)
        batch = list(ahead.values_list("pk", *field.of)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1][0]


def _write(
    schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model], field: FoldedField, pairs: list[tuple[str, Any]]
) -> None:
    connection = schema_editor.connection
    names = (model._meta.db_table, str(field.column), str(model._meta.pk.column))  # noqa: SLF001
    table, column, key = (connection.ops.quote_name(name) for name in names)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", pairs)  # noqa: S608  (own names)
