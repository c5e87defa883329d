"""Making rules, and switching them: on only after a try, off at any time."""

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Rule
from catalog.rules.reading import was_tried
from catalog.services.errors import CatalogError

log = structlog.get_logger(__name__)


def make_rule(
    *, kind: str, made_by: User, of: str = "", tag: str = "", value: str = "", takes_conflicts: bool = False
) -> Rule:
    """Store a rule that is off.

    Raises:
        CatalogError: there is an equal rule already.

    """
    named = {"kind": kind, "of": of, "tag": tag.strip().casefold(), "value": value.strip()}
    try:
        with transaction.atomic():
            return Rule.objects.create(**named, takes_conflicts=takes_conflicts, made_by=made_by)
    except IntegrityError as error:
        raise CatalogError("This rule already exists, or its allow-list names nothing.") from error


def switch_on(*, rule: Rule, by: User) -> bool:
    """Let a rule act from the next check on; False if it is on already.

    Raises:
        CatalogError: no try of it has ended yet.

    """
    if not was_tried(rule):
        raise CatalogError("Try the rule first. Then you see what it would decide.")
    return _switch(rule, by, is_on=True)


def switch_off(*, rule: Rule, by: User) -> bool:
    """Switch a rule off; what it decided stands. False if it is off already."""
    return _switch(rule, by, is_on=False)


def _switch(rule: Rule, by: User, *, is_on: bool) -> bool:
    changed = Rule.objects.filter(pk=rule.pk, is_on=not is_on).update(
        is_on=is_on, switched_by=by, switched_at=timezone.now()
    )
    if changed:
        log.info("rule_switched", rule=rule.pk, is_on=is_on)
    return bool(changed)
