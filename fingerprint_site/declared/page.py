"""docs/settings.md, written from the declarations."""

import textwrap

from fingerprint_site.declared import SECTIONS
from fingerprint_site.declared.setting import Section, Setting

KINDS = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "list, comma-separated",
    "integers": "integers, comma-separated",
    "db_url": "address",
    "email_url": "address",
}
HEAD = """# Settings

For operators. The command `manage.py write_settings_page` writes this page from the code.

Every setting comes from the environment, or from a file `.env` beside `manage.py` (see
`.env.example`). Nothing needs to be set to start. `manage.py check` names values that are out of
range or do not go together. A boolean is `true` or `false`. In brackets: type; default; range.
"""
WIDTH = 100


def text() -> str:
    """Return the page."""
    return "\n".join([HEAD, *(section(one) for one in SECTIONS)])


def section(of: Section) -> str:
    """Return a section of the page: its heading and its list."""
    rows = "\n".join(_row(setting) for setting in of.settings)
    return f"## {of.title}\n{rows}\n"


def _row(setting: Setting) -> str:
    facts = [KINDS[setting.kind], _default(setting), _range(setting)]
    words = f"- `{setting.name}` ({'; '.join(filter(None, facts))}): {setting.meaning}"
    return textwrap.fill(words, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _default(setting: Setting) -> str:
    if setting.shown:
        return setting.shown
    if isinstance(setting.default, list):
        return f"`{','.join(map(str, setting.default))}`"
    if isinstance(setting.default, float):
        return f"`{setting.default:g}`"
    return f"`{str(setting.default).lower() if isinstance(setting.default, bool) else setting.default}`"


def _range(setting: Setting) -> str:
    if setting.least is None or setting.most is None:
        return ""
    return f"{_number(setting.least)}…{_number(setting.most)}"


def _number(value: float) -> str:
    return f"{value:,}" if value == int(value) else f"{value:g}"
