"""The form for a new API key."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import ApiKey
from staff.powers import accounts_open_to


class ApiKeyForm(forms.Form):
    """Owner, label, tier and expiry of a new key."""

    owner = forms.ModelChoiceField(
        User.objects.none(),
        help_text="The account whose music and tasks the key gives access to",
        error_messages={"invalid_choice": "Choose yourself or an active account that is not staff."},
    )
    label = forms.CharField(
        max_length=80, required=False, widget=UnfoldAdminTextInputWidget, help_text="Where the key is used"
    )
    tier = forms.ChoiceField(choices=ApiKey.Tier.choices, widget=UnfoldAdminSelectWidget)
    custom_per_minute = forms.IntegerField(
        label="Calls per minute",
        min_value=1,
        max_value=1_000_000,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Only for the custom tier",
    )
    expires_at = forms.SplitDateTimeField(
        label="Expires", required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="Empty: never"
    )

    def __init__(self, *args: Any, made_by: User, admin_site: AdminSite, **kwargs: Any) -> None:
        """Search the owner by name: a list of all accounts could be long."""
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101  (declared above)
        owner.queryset = accounts_open_to(made_by).filter(is_active=True)
        owner.widget = AutocompleteSelect(ApiKey.owner.field, admin_site, choices=owner.choices)

    def clean_expires_at(self) -> datetime | None:
        """Refuse a time in the past."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This is in the past.")
        return expires_at

    def clean(self) -> dict[str, Any]:
        """Require a number of calls for the custom tier, and refuse one for any other."""
        values = super().clean() or {}
        is_custom = values.get("tier") == ApiKey.Tier.CUSTOM
        if is_custom and not values.get("custom_per_minute") and "custom_per_minute" not in self.errors:
            self.add_error("custom_per_minute", "Enter how many calls per minute the custom tier allows.")
        if not is_custom:
            values["custom_per_minute"] = None
        return values
