"""docs/settings.md and docs/settings-catalog.md, written from the declarations."""

import textwrap

from fingerprint_site.declared import OF_THE_CATALOG, OF_THE_SITE
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
SITE_HEAD = """# Settings of the site

For operators. The command `manage.py write_settings_page` writes this page from the code. Limits of
uploads, analysis, the API and callbacks are in [settings-catalog.md](settings-catalog.md).

Every setting comes from the environment, or from a file `.env` beside `manage.py` (see
`.env.example`). Nothing needs to be set to start. `manage.py check` names values that are out of
range or do not go together. A boolean is `true` or `false`. In brackets: type; default; range.
"""
CATALOG_HEAD = """# Settings of uploads, analysis, the API and callbacks

For operators. The command `manage.py write_settings_page` writes this page from the code. How
settings are read, and the other ones, are in [settings.md](settings.md).
"""
WIDTH = 100


def pages() -> dict[str, str]:
    """Return the text of each page by its file's name."""
    return {
        "settings.md": _page(SITE_HEAD, OF_THE_SITE),
        "settings-catalog.md": _page(CATALOG_HEAD, OF_THE_CATALOG),
    }


def _page(head: str, sections: tuple[Section, ...]) -> str:
    return "\n".join([head, *map(section, sections)])


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
