"""Accessibility that the theme's templates lack, added to each template as it is read.

Copies of the theme's templates would have to follow each of its releases; these few phrases are in sixty of them.
"""

import re

from django.template import Origin
from django.template.loaders.app_directories import Loader as AppDirectories

SKIP_LINK = '<a class="mf-skip" href="#main">Skip to the content</a>'
# The name of an icon is what a screen reader would say: "space_dashboard Overview".
ICON = re.compile(r"<span(?=[^<>]*\bmaterial-symbols-outlined)(?![^<>]*aria-hidden)")
_ONCE = '{% include "unfold/helpers/messages/error.html" with errors=form.non_field_errors %}'
_TWICE = '{% include "unfold/helpers/messages/errornote.html" with errors=form.errors %}\n\n            ' + _ONCE
# What the theme writes → what the page has.
MENDED = {
    # A refused login is said once; "Please correct the error below" pointed at nothing.
    _TWICE: _ONCE,
    '<div id="main"': '<div id="main" role="main" tabindex="-1"',
    "{% block base %}{% endblock %}": SKIP_LINK + "{% block base %}{% endblock %}",
    # One search, of this site: in the header, in place of the theme's palette.
    "{% include 'unfold/helpers/userlinks.html' %}": (
        '{% include "unfold/helpers/search_field.html" %}{% include "unfold/helpers/userlinks.html" %}'
    ),
    '{% include "unfold/helpers/command.html" %}': "",
    # Without anything asked for, a list opens with the view that the person chose.
    '<a href="?{% if cl.is_popup %}_popup=1': '<a href="?view=all{% if cl.is_popup %}&_popup=1',
    'id="searchbar-submit"': 'id="searchbar-submit" aria-label="Search"',
    'id="nav-sidebar-apps"': 'id="nav-sidebar-apps" data-simplebar-aria-label="Menu"',
    "x-on:click='showActions": "aria-label='Actions' x-on:click='showActions",  # the dots on a phone
    'class="bg-primary-600 flex h-[38px]': 'aria-label="Home" class="bg-primary-600 flex h-[38px]',
}


class Loader(AppDirectories):
    """Django's loader of the apps' templates, which mends the theme's."""

    def get_contents(self, origin: Origin) -> str:
        """Return the template's source, mended if it is the theme's."""
        source: str = super().get_contents(origin)
        return mended(source) if "/unfold/" in str(origin.name) else source


def mended(source: str) -> str:
    """Return a template's source with its icons hidden from screen readers and its parts named."""
    source = ICON.sub('<span aria-hidden="true"', source)
    for phrase, better in MENDED.items():
        source = source.replace(phrase, better)
    return source
