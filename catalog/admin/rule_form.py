"""The form for a new rule."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from catalog.models import Rule

_NAMES_SOMETHING = "Enter the name that the list allows."


class RuleForm(forms.Form):
    """The rule's kind, what an allow-list names, and whether it decides conflicts too."""

    kind = forms.ChoiceField(choices=Rule.Kind.choices, widget=UnfoldAdminSelectWidget)
    of = forms.ChoiceField(
        label="Allow-list of",
        choices=[("", "nothing"), *Rule.Of.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Only for an allow-list. A label is the tag “label” or “publisher”",
    )
    tag = forms.CharField(
        label="Name of the tag",
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Only for an allow-list of a tag",
    )
    value = forms.CharField(
        label="On the list",
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Only for an allow-list: the whole name, in capital or small letters",
    )
    takes_conflicts = forms.BooleanField(
        label="Decide conflicts too",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Otherwise pairs whose ISRC, artist or account differ are left to people",
    )

    def clean(self) -> dict[str, Any]:
        """Require what is on the list for an allow-list, and refuse it for any other kind."""
        values = super().clean() or {}
        if values.get("kind") != Rule.Kind.ALLOWED:
            return values | {"of": "", "tag": "", "value": ""}
        if not values.get("of"):
            self.add_error("of", "Choose what the list names: label, artist, account or tag.")
        if not values.get("value") and "value" not in self.errors:
            self.add_error("value", _NAMES_SOMETHING)
        if values.get("of") != Rule.Of.TAG:
            values["tag"] = ""
        elif not values.get("tag"):
            self.add_error("tag", "Enter the name of the tag.")
        return values
