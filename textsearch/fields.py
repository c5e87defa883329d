"""Columns that hold other columns' texts folded, kept right by every way of writing a row."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core import checks
from django.db import models

from textsearch.folding import fold

Row = TypeVar("Row", bound=models.Model)
BETWEEN_TEXTS = "\n"  # nobody can ask for a text that spans two columns


class FoldedField(models.TextField):  # type: ignore[type-arg]
    """The texts of the columns `of`, folded; `tags__title` is a key of a JSON column. Its table is a `Searched` one."""

    def __init__(self, *, of: Iterable[str] = (), **options: Any) -> None:
        self.of = tuple(of)
        usual: dict[str, Any] = {"editable": False, "default": "", "blank": True}
        super().__init__(**(usual | options))

    def deconstruct(self) -> Any:
        """Describe it for migrations, which fill it by what it is made of."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"of": self.of}

    def folded(self, texts: Iterable[Any]) -> str:
        """Return the column's value where those of `of` are `texts`."""
        return fold(BETWEEN_TEXTS.join(str(text or "") for text in texts))

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002, FBT001  (Django's own order)
        """Fold what the row holds now."""
        value = self.folded(_text(model_instance, name) for name in self.of)
        setattr(model_instance, self.attname, value)
        return value

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        """Refuse a table whose other ways of writing would forget it."""
        found: list[checks.CheckMessage] = super().check(**options)
        if not issubclass(self.model, Searched) or not isinstance(self.model._default_manager.all(), FoldingQuerySet):  # noqa: SLF001
            found.append(checks.Error("The model must be a Searched one, with a FoldingQuerySet.", obj=self))
        return found


def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    """Return the folded columns of a table."""
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]  # noqa: SLF001


class FoldingQuerySet(models.QuerySet[Row]):
    """Writes the folded columns along with those that they are made of."""

    def update(self, **values: Any) -> int:
        """Update, and fold. Raises `ValueError` where a folded column cannot be told from `values` alone."""
        for field in [field for field in _touched(self.model, values) if field.name not in values]:
            texts = [values.get(name) for name in field.of]
            if not all(isinstance(text, str) for text in texts):
                raise ValueError(f"{field.name} needs the texts of all of {', '.join(field.of)}: save the row instead.")
            values[field.name] = field.folded(texts)
        return super().update(**values)

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Update many rows, each with its folded columns."""
        rows, names = list(objs), list(fields)
        touched = _touched(self.model, names)
        for row in rows:
            for field in touched:
                field.pre_save(row, add=False)
        return super().bulk_update(rows, names + [field.name for field in touched], batch_size)


class Searched(models.Model):
    """A table with folded columns; its manager is that of a `FoldingQuerySet`."""

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save, with the folded columns of those that are saved."""
        if update_fields is not None:
            update_fields = [*update_fields, *(field.name for field in _touched(type(self), update_fields))]
        super().save(*args, update_fields=update_fields, **options)


def _text(row: models.Model, name: str) -> Any:
    column, _, key = name.partition("__")
    value = getattr(row, column)
    return value.get(key) if key else value


def _touched(model: type[models.Model], names: Iterable[str]) -> list[FoldedField]:
    """Return the folded columns that the columns `names` are part of."""
    written = set(names)
    return [
        field for field in folded_fields(model) if written.intersection(name.partition("__")[0] for name in field.of)
    ]
