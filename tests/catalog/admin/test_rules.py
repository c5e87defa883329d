"""The pages of rules: made, tried, switched on, looked at, undone; and a rule's name wherever somebody's would be."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.models import Decision, Match, Rule, RuleRun
from staff.models import AuditEntry
from tests.catalog.rules.conftest import after_check, done, sweep_all, twins
from tests.rows import make_copy, make_track

LIST = "/admin/catalog/rule/"


def page_of(desk: Client, rule: Rule) -> str:
    """Return the page of a rule."""
    return desk.get(f"{LIST}{rule.pk}/change/").content.decode()


def press(desk: Client, rule: Rule, button: str, **data: str) -> str:
    """Press a button of a rule's page, and return the page that it leads to."""
    answer = desk.post(f"{LIST}{rule.pk}/{button}/", data, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def match(owner: User) -> Match:
    """A pair with the same audio."""
    return twins(owner)


@pytest.fixture
def rule(desk: Client) -> Rule:
    """A rule about identical files, made on its page."""
    assert desk.post(f"{LIST}add/", {"kind": "identical"}).status_code == 302
    return Rule.objects.get()


@pytest.fixture
def acted(rule: Rule, match: Match, staff: User) -> Decision:
    """What the rule decided of the pair."""
    Rule.objects.filter(pk=rule.pk).update(is_on=True)
    after_check(match)
    return Decision.objects.get()


@pytest.mark.slow
def test_from_nothing_to_a_rule_that_is_on_and_back(desk: Client, match: Match, rule: Rule) -> None:
    page = page_of(desk, rule)
    assert "Try the rule first" in page
    assert "switch-on" not in page
    assert "This rule has decided nothing yet" in page
    assert 'hx-trigger="every 1s"' in press(desk, rule, "try")
    sweep_all()
    page = page_of(desk, rule)
    assert "The rule would decide 1 pair of the 1 pairs" in page
    assert f"/catalog/review/{match.query_track_id}/{match.reference_track_id}/" in page
    assert "the same recording, keep B" in page
    assert not Decision.objects.exists()
    press(desk, rule, "switch-on")
    press(desk, rule, "run")
    sweep_all()
    page = page_of(desk, rule)
    assert "The rule decided 1 pair" in page
    assert "the last hour: 1 decision<" in page
    assert "1 decision of this rule" in press(desk, rule, "undo", since="1")
    assert Decision.objects.get().undone_at
    assert "switched off by staff" in press(desk, rule, "switch-off")


def test_the_list_says_what_each_does(desk: Client, rule: Rule, acted: Decision) -> None:
    answer = desk.get(LIST)
    [shown] = answer.context["cl"].result_list
    assert (shown.week, shown.month) == (1, 1)
    page = answer.content.decode()
    assert "Two tracks with the same audio are the same recording." in page
    assert "ISRC, artist or account differ are left to people" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "allowed", "value": "x"}, "Choose what the list names: label, artist, account or tag."),
        ({"kind": "allowed", "of": "artist"}, "Enter the name that the list allows."),
        ({"kind": "allowed", "of": "tag", "value": "x"}, "Enter the name of the tag."),
        ({"kind": "nothing"}, "Select a valid choice"),
        ({"kind": "identical"}, "This rule already exists"),
    ],
)
def test_a_rule_of_nothing_is_refused_in_the_form(desk: Client, rule: Rule, sent: dict[str, str], said: str) -> None:
    assert said in desk.post(f"{LIST}add/", sent).content.decode()
    assert Rule.objects.count() == 1


def test_what_does_not_go_with_a_kind_is_left_out(desk: Client) -> None:
    desk.post(
        f"{LIST}add/", {"kind": "allowed", "of": "artist", "tag": "mood", "value": " Nobody ", "takes_conflicts": "on"}
    )
    rule = Rule.objects.get()
    assert (rule.tag, rule.value, rule.takes_conflicts, rule.is_on) == ("", "Nobody", True, False)
    desk.post(f"{LIST}add/", {"kind": "family", "of": "artist", "value": "Nobody"})
    assert Rule.objects.get(kind="family").value == ""
    assert "has the artist “Nobody”" in page_of(desk, rule)


@pytest.mark.slow
def test_the_author_is_told_as_the_rule_everywhere(desk: Client, acted: Decision, match: Match) -> None:
    pair = f"/catalog/review/{match.query_track_id}/{match.reference_track_id}/"
    for page in (pair, "/admin/catalog/decision/", f"/admin/catalog/decision/{acted.pk}/change/",
                 match.query_track.get_absolute_url()):  # fmt: skip
        assert "Rule: identical files" in desk.get(page).content.decode(), page
    lines = b"".join(desk.get("/admin/catalog/decision/export/").streaming_content).decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(lines)))["decided by"] == "Rule: identical files"
    desk.post(f"/catalog/review/undo/{acted.pk}/")
    assert AuditEntry.objects.latest("pk").detail["decided_by"] == "Rule: identical files"
    assert "Rule: identical files" in desk.get(pair).content.decode(), "among the undone ones"


def test_decisions_are_filtered_by_rule(desk: Client, acted: Decision, rule: Rule) -> None:
    for query, found in ((f"rule={rule.pk}", 1), ("rule=none", 0), ("rule=4711", 0)):
        assert len(desk.get(f"/admin/catalog/decision/?{query}").context["cl"].result_list) == found


def test_an_entry_of_the_log_is_undone_alone(desk: Client, owner: User, acted: Decision, rule: Rule) -> None:
    other = twins(owner, digest="b" * 32)
    after_check(other)
    assert page_of(desk, rule).count("/undo/") == 3, "one for each, and one for all since a moment"
    desk.post(f"/admin/catalog/decision/{acted.pk}/undo/")
    assert Decision.objects.get(undone_at=None).match == other


def test_switching_and_undoing_are_in_the_audit(desk: Client, acted: Decision, rule: Rule) -> None:
    press(desk, rule, "undo", since="24")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.object_name, entry.detail["undone"], entry.detail["since"]) == ("identical files", 1, "the last day")
    press(desk, rule, "switch-off")
    entry = AuditEntry.objects.latest("pk")
    assert entry.changes["is_on"] == [True, False]
    assert entry.actor == "staff"


def test_an_unknown_moment_undoes_nothing(desk: Client, acted: Decision, rule: Rule) -> None:
    assert desk.post(f"{LIST}{rule.pk}/undo/", {"since": "0"}).status_code == 404
    assert Decision.objects.get().undone_at is None


def test_a_viewer_sees_and_switches_nothing(reading_desk: Client, acted: Decision, rule: Rule) -> None:
    page = page_of(reading_desk, rule)
    assert "Two tracks with the same audio" in page
    for button in ("try", "run", "stop", "switch-on", "switch-off", "undo"):
        assert f"{LIST}{rule.pk}/{button}/" not in page
        assert reading_desk.post(f"{LIST}{rule.pk}/{button}/").status_code == 403
    assert reading_desk.get(f"{LIST}add/").status_code == 403


def test_who_may_decide_may_not_switch_rules(db: None, rule: Rule) -> None:
    reviewer = User.objects.create_user("reviewer", is_staff=True)
    names = ("view_rule", "view_match", "view_track", "add_decision", "change_decision")
    reviewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(reviewer)
    assert client.post(f"{LIST}{rule.pk}/try/").status_code == 403
    assert not RuleRun.objects.exists()


def test_a_rule_that_decided_stays(desk: Client, acted: Decision, rule: Rule, staff: User) -> None:
    assert desk.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(f"{LIST}add/", {"kind": "family"})
    other = Rule.objects.get(kind="family")
    done(other, staff, is_try=True)
    assert desk.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Rule.objects.get() == rule


def test_a_try_says_what_is_left_to_people(desk: Client, owner: User, outsider: User, rule: Rule, staff: User) -> None:
    match = twins(owner)
    match.query_track.owner = outsider
    match.query_track.save()
    make_copy(make_track(owner), make_track(owner))
    done(rule, staff, is_try=True)
    page = page_of(desk, rule)
    assert "The rule would decide 0 pairs of the 1 pairs" in page
    assert "<li>1: ISRC, artist or account differ</li>" in page
