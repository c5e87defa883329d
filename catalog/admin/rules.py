"""Rules: what each does, switching it, trying and running it, its log, and undoing its decisions."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from catalog.admin.rule_form import RuleForm
from catalog.models import Rule
from catalog.presentation.rules import rule_badge, rule_name, rule_sentence
from catalog.rules import runs, switching
from catalog.rules.reading import MOMENTS, rule_page, since_of, with_counts
from catalog.services.decisions import undo_of_rule
from catalog.services.errors import CatalogError
from staff import audit, display
from staff.access import person
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column, number_column
from staff.row_ids import row_id

_CHANGE = "change_rule"


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """The list of rules."""

    nothing_yet = "A rule decides pairs without a person. It is off until you have tried it and switched it on."
    list_display = ("what", "state", "week_number", "month_number", "switched_by", "switched")
    list_select_related = ("switched_by",)
    list_filter = ("kind", "is_on")
    fields = ()
    change_form_outer_before_template = "catalog/rule.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {
        "try": ("try_it", _CHANGE),
        "switch-on": ("switch_on", _CHANGE),
        "switch-off": ("switch_off", _CHANGE),
        "run": ("run", _CHANGE),
        "stop": ("stop", _CHANGE),
        "undo": ("undo", _CHANGE),
    }
    week_number = number_column("week", "in 7 days")
    month_number = number_column("month", "in 30 days")
    switched = moment_column("switched_at", "switched")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Count what each rule decided lately."""
        return with_counts(super().get_queryset(request))

    @admin.display(description="rule", ordering="kind")
    def what(self, rule: Rule) -> str:
        """The rule's name and what it does."""
        return format_html(
            '<span class="mf-two"><strong>{}</strong><span class="mf-sub mf-words">{}</span></span>',
            rule_name(rule),
            rule_sentence(rule),
        )

    @admin.display(description="state", ordering="is_on")
    def state(self, rule: Rule) -> str:
        """Whether the rule is on."""
        return rule_badge(rule)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:  # noqa: ARG002
        """Let people make rules who may add them."""
        return request.user.has_perm("catalog.add_rule")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow deleting only a rule that never decided anything; the log of any other stays."""
        has_decided = isinstance(obj, Rule) and obj.decisions.exists()
        return request.user.has_perm("catalog.delete_rule") and not has_decided

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Make a rule, switched off, and go to its page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RuleForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                rule = switching.make_rule(**form.cleaned_data, made_by=person(request))
            except CatalogError as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, rule, "Made.")
                return self.back_to(rule)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "title": "Add a rule", "form": form}
        return TemplateResponse(request, "catalog/rule_add.html", context | {"media": self.media + form.media})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what it does, its last run and its log."""
        page = rule_page(pk) if (pk := row_id(object_id)) else None
        standing = page.standing.items() if page else ()
        context = {
            "title": "Rule",
            "page": page,
            "moments": [(key, MOMENTS[key], count) for key, count in standing],
            "may_change": request.user.has_perm("catalog.change_rule"),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def try_it(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Start a try over all waiting pairs, which decides nothing."""
        runs.start_run(rule=rule, asked_by=person(request), is_try=True)
        return self.back_to(rule)

    def run(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Start a run over all waiting pairs."""
        runs.start_run(rule=rule, asked_by=person(request), is_try=False)
        return self.back_to(rule)

    def stop(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Stop the run; what it decided stands."""
        if runs.stop_run(rule=rule, stopped_by=person(request)):
            messages.success(request, "Stopped. The decisions stay.")
        return self.back_to(rule)

    def switch_on(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Switch the rule on."""
        if switching.switch_on(rule=rule, by=person(request)):
            messages.success(request, "The rule is on: it acts after each check and each track of a scan.")
        return self.back_to(rule)

    def switch_off(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Switch the rule off."""
        if switching.switch_off(rule=rule, by=person(request)):
            messages.success(request, "The rule is off. Its decisions stay.")
        return self.back_to(rule)

    def undo(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        """Undo what the rule decided since a moment."""
        moment = request.POST.get("since", "")
        if moment not in MOMENTS:
            raise Http404("There is no such period.")
        count = undo_of_rule(rule=rule, since=since_of(moment))
        audit.note(on=rule, since=MOMENTS[moment], undone=count)
        words = display.counted(count, "decision")
        messages.success(request, f"Undone: {words} of this rule. No rule decides about these pairs again.")
        return self.back_to(rule)
