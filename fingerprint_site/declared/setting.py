"""What is said of a setting where it is declared: its name, kind, default, range and meaning."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """A setting that is read from the environment.

    `kind` is the reader of django-environ that takes it. `shown` is the default in words, where the code of the
    settings works it out or where the value alone says little. `least` and `most` hold for numbers.
    """

    name: str
    kind: str
    meaning: str
    default: Any = None
    shown: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Section:
    """Settings of one subject, as the documentation has them."""

    title: str
    settings: tuple[Setting, ...]
