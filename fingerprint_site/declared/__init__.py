"""Every setting that the environment can change, declared once: read by the settings, the checks and the docs."""

from typing import Any

import environ

from fingerprint_site.declared import api, callbacks, catalog, processes, reporting, site
from fingerprint_site.declared.setting import Section, Setting

OF_THE_SITE: tuple[Section, ...] = (*site.SECTIONS, *reporting.SECTIONS, *processes.SECTIONS)
OF_THE_CATALOG: tuple[Section, ...] = (*catalog.SECTIONS, *api.SECTIONS, *callbacks.SECTIONS)
SECTIONS = OF_THE_SITE + OF_THE_CATALOG
BY_NAME: dict[str, Setting] = {setting.name: setting for section in SECTIONS for setting in section.settings}


class DeclaredEnv(environ.Env):
    """The environment, with the defaults of the declarations."""

    def declared(self, name: str) -> Any:
        """Return a setting's value, of its declared kind; its declared default where the environment has none."""
        setting = BY_NAME[name]
        if setting.kind == "integers":
            return self.list(name, cast=int, default=setting.default)
        return getattr(self, setting.kind)(name, default=setting.default)
