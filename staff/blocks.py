"""Longer texts on staff pages: JSON, the heads of requests, what can be copied."""

import contextlib
import json

from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.display import NOTHING


def boxed(text: str, *, copy: str = "") -> SafeString | str:
    """Return `text` in a block that scrolls sideways; with a button that copies it where `copy` labels one."""
    if not text:
        return NOTHING
    button = (
        format_html(
            '<button type="button" data-copy class="bg-white border border-base-200 cursor-pointer font-medium px-3'
            ' py-1.5 rounded-default shadow-xs mt-2 dark:bg-transparent dark:border-base-700">{}</button>',
            copy,
        )
        if copy
        else ""
    )
    return format_html(
        # What scrolls must be reached by the keyboard.
        '<div><pre tabindex="0" class="font-mono text-xs leading-5 max-w-full overflow-x-auto whitespace-pre-wrap'
        ' break-all rounded-default border border-base-200 p-3 dark:border-base-700">{}</pre>{}</div>',
        text,
        button,
    )


def copied(text: str) -> SafeString | str:
    """Return a text in a block, with a button that copies it."""
    return boxed(text, copy="Copy")


def head(headers: dict[str, str]) -> SafeString | str:
    """Return a request's or a response's head, a line each."""
    return boxed("\n".join(f"{name}: {value}" for name, value in headers.items()))


def pretty_json(text: str) -> SafeString | str:
    """Return JSON indented; text that is none as it is. Lone surrogates, which no page can hold, are replaced."""
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return boxed(text.encode("utf-8", "replace").decode("utf-8"))
