"""Everything that staff can do by a page or a button, each as one request with rows for which it does something.

`test_staff_acts.py` holds them against a viewer, `test_audit.py` against the trail: a route or an action that is in
none of these tables fails there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, OrmQ
from django_q.signing import SignedPackage

from catalog.models import ApiKey, BulkWork, Decision, Job, Match, Rule, RuleRun, Scan, ScanSchedule
from catalog.services.api_keys import create_key
from catalog.services.decisions import decide
from catalog.services.evidence import make_link
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.adding import add_track
from catalog.services.tracks.client_fingerprints import add_client_track, confirm
from catalog.services.tracks.removal import remove_track
from catalog.services.uses import decide_uses
from staff.models import SavedView
from tests.indexed import fingerprint_at
from tests.rows import make_match, make_track
from tests.webhooks.conftest import CHOICES
from webhooks.models import Endpoint, Message, Source
from webhooks.services import create_source, store_endpoint

AUDIO = Path(__file__).parent.parent / "audio"
DIALOG = {"_form_submitted": "True"}  # a dialog without it only asks
PASSWORD = {"password1": "a long and quiet word", "password2": "a long and quiet word"}
_DATES = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}


class House:
    """Rows of every table that staff can act on."""

    def __init__(self, staff: User) -> None:
        self.staff = staff
        self.owner = User.objects.create_user("house-owner")
        self.friend = User.objects.create_user("friend")
        self.group = Group.objects.create(name="curators")
        self.key: ApiKey = create_key(owner=self.owner)[0]
        self._fill_catalog()
        self._fill_callbacks()
        self.failure = Failure.objects.create(
            id="f" * 32,
            name="failed",
            func="math.sqrt",
            args=(4,),
            success=False,
            started=timezone.now(),
            stopped=timezone.now(),
        )
        payload = SignedPackage.dumps({"id": "w" * 32, "name": "waits", "func": "math.sqrt", "args": (4,)})
        self.waiting = OrmQ.objects.create(key="nobody", payload=payload, lock=timezone.now())

    def _fill_catalog(self) -> None:
        self.track, self.copy, self.other, self.gone = (make_track(self.owner) for _ in range(4))
        self.heard = add_track(owner=self.owner, source=AUDIO / "battle-music.ogg", file_name="battle.ogg")
        data = fingerprint_at(AUDIO / "battle-music.ogg").to_bytes()
        self.unheard, self.vouched_for = (
            add_client_track(owner=self.owner, data=data, title=title) for title in ("Unheard", "Vouched for")
        )
        confirm(track=self.vouched_for, by=self.staff)
        self.match: Match = make_match(self.track, self.copy)
        self.job: Job = make_match(self.other, self.track).job  # type: ignore[assignment]
        self.waiting_job = accept_job(track=self.heard, owner=self.owner, task_name=Job.Name.CHECK)
        remove_track(track=self.gone)
        decided = make_track(self.owner)
        make_match(decided, self.track)
        self.decision: Decision = decide(
            one=decided, other=self.track, verdict="different", keeper=None, decided_by=self.staff
        )
        self.mix, part, decided_part = (make_track(self.owner) for _ in range(3))
        for song in (part, decided_part):
            make_match(self.mix, song, verdict="contains", query_coverage=0.1, reference_coverage=0.7)
        [self.use] = decide_uses(container=self.mix, parts=[decided_part], verdict="uses", decided_by=self.staff)
        now = timezone.now()
        self.view = SavedView.objects.create(owner=self.owner, table="catalog.track", name="Theirs", is_shared=True)
        self.unwanted, kept = make_track(self.owner), make_track(self.owner)
        decide(one=kept, other=self.unwanted, verdict="same", keeper=kept, decided_by=self.staff)
        self._fill_rules()
        self.link = make_link(match=self.match, made_by=self.staff)
        self.running_work = BulkWork.objects.create(
            kind="check", track_ids=[self.track.pk], total=1, asked_by=self.staff
        )
        self.removal = BulkWork.objects.create(
            kind="remove", track_ids=[self.gone.pk], total=1, done=1, ended_at=now, asked_by=self.staff
        )
        self.schedule = ScanSchedule.objects.create(at=time(3), next_at=now, set_by=self.staff)
        self.cancelled = Scan.objects.create(
            status="cancelled", ended_at=now, last_track=10, total=10, started_by=self.staff
        )

    def _fill_rules(self) -> None:
        """One that is on and has decided, one that was tried, one that is being tried, and one that did nothing yet."""
        made = {"kind": Rule.Kind.ALLOWED, "of": Rule.Of.ARTIST, "made_by": self.staff}
        names = ("on", "tried", "trying", "new")
        self.rule, self.tried_rule, self.trying_rule, self.new_rule = (
            Rule.objects.create(value=f"{name} {self.owner}", is_on=name == "on", **made) for name in names
        )
        now = timezone.now()
        for rule, ended_at in ((self.tried_rule, now), (self.trying_rule, None)):
            RuleRun.objects.create(rule=rule, is_try=True, asked_by=self.staff, last_match=1, ended_at=ended_at)
        match = make_match(make_track(self.owner), make_track(self.owner))
        first, second = sorted((match.query_track, match.reference_track), key=lambda track: track.pk)
        Decision.objects.create(first_track=first, second_track=second, verdict="allowed", rule=self.rule, match=match)

    def _fill_callbacks(self) -> None:
        now = timezone.now()
        self.endpoint: Endpoint = store_endpoint(owner=self.owner, url="https://receiver.invalid/hook")
        Endpoint.objects.filter(pk=self.endpoint.pk).update(verified_at=now)
        self.unused: Endpoint = store_endpoint(owner=self.staff, url="https://unused.invalid/hook")
        self.source: Source = create_source(slug="peer")[0]
        self.message = Message.objects.create(
            message_id="msg_1", endpoint=self.endpoint, event="check_is_same", event_key="k", subject=self.job.task_id,
            body="{}", state="failed", attempt_count=2, schedule_start=now, next_attempt_at=now, created_at=now,
        )  # fmt: skip

    def scan(self) -> Scan:
        """A scan that runs: made for the act alone, as there is but one."""
        return Scan.objects.create(status="running", last_track=10, total=10, started_by=self.staff)


@dataclass(frozen=True)
class Act:
    """One request."""

    url: str
    data: dict[str, Any] = field(default_factory=dict)
    is_post: bool = True

    def do(self, client: Client) -> Any:
        """Send it, and take the whole answer."""
        answer: Any = client.post(self.url, self.data) if self.is_post else client.get(self.url, self.data)
        if answer.streaming:
            list(answer.streaming_content)
        return answer


def row(table: str, item: Model, page: str, **data: Any) -> Act:
    """Return the POST of a page of one row."""
    return Act(f"/admin/{table}/{item.pk}/{page}/", data | {"post": "yes", **DIALOG})


def upload(_: House) -> Act:
    """Upload a real recording."""
    path = AUDIO / "battle-music.ogg"
    return Act("/admin/catalog/track/add/", {"file": SimpleUploadedFile(path.name, path.read_bytes()), "check": "on"})


_USER = {"username": "friend", "is_active": "on", "first_name": "A", **_DATES}
_KEY = {"label": "made by hand", "tier": "free"}

SCHEDULE = {"every": "week", "weekday": "6", "at": "04:30", "is_on": "on"}

# route -> what to send so that it does something
ACTS: dict[str, Callable[[House], Act]] = {
    "admin/password_change/": lambda _: Act(
        "/admin/password_change/",
        {"old_password": "first", "new_password1": "a long and quiet word", "new_password2": "a long and quiet word"},
    ),
    "admin/auth/group/add/": lambda _: Act("/admin/auth/group/add/", {"name": "new"}),
    "admin/auth/group/<path:object_id>/change/": lambda h: row("auth/group", h.group, "change", name="renamed"),
    "admin/auth/group/<path:object_id>/delete/": lambda h: row("auth/group", h.group, "delete"),
    "admin/auth/user/add/": lambda _: Act("/admin/auth/user/add/", {"username": "new", **PASSWORD}),
    "admin/auth/user/<path:object_id>/change/": lambda h: row("auth/user", h.friend, "change", **_USER),
    "admin/auth/user/<path:object_id>/delete/": lambda h: row("auth/user", h.friend, "delete"),
    "admin/auth/user/<id>/password/": lambda h: row("auth/user", h.friend, "password", **PASSWORD),
    "admin/catalog/apikey/add/": lambda h: Act("/admin/catalog/apikey/add/", {"owner": h.owner.pk, **_KEY}),
    "admin/catalog/apikey/<path:object_id>/revoke/": lambda h: row("catalog/apikey", h.key, "revoke"),
    "admin/catalog/bulkwork/<path:object_id>/stop/": lambda h: row("catalog/bulkwork", h.running_work, "stop"),
    "admin/catalog/bulkwork/<path:object_id>/undo/": lambda h: row("catalog/bulkwork", h.removal, "undo"),
    "admin/catalog/decision/<path:object_id>/undo/": lambda h: row("catalog/decision", h.decision, "undo"),
    "admin/catalog/job/<path:object_id>/run-again/": lambda h: row("catalog/job", h.job, "run-again"),
    "admin/catalog/job/<path:object_id>/stop/": lambda h: row("catalog/job", h.waiting_job, "stop"),
    "admin/catalog/rule/add/": lambda _: Act("/admin/catalog/rule/add/", {"kind": "identical"}),
    "admin/catalog/rule/<path:object_id>/delete/": lambda h: row("catalog/rule", h.new_rule, "delete"),
    "admin/catalog/rule/<path:object_id>/try/": lambda h: row("catalog/rule", h.new_rule, "try"),
    "admin/catalog/rule/<path:object_id>/stop/": lambda h: row("catalog/rule", h.trying_rule, "stop"),
    "admin/catalog/rule/<path:object_id>/switch-on/": lambda h: row("catalog/rule", h.tried_rule, "switch-on"),
    "admin/catalog/rule/<path:object_id>/switch-off/": lambda h: row("catalog/rule", h.rule, "switch-off"),
    "admin/catalog/rule/<path:object_id>/run/": lambda h: row("catalog/rule", h.rule, "run"),
    "admin/catalog/rule/<path:object_id>/undo/": lambda h: row("catalog/rule", h.rule, "undo", since="24"),
    "admin/catalog/track/add/": upload,
    "admin/views/<int:view_id>/change/": lambda h: Act(
        f"/admin/views/{h.view.pk}/change/", {"act": "rename", "name": "Renamed"}
    ),
    "admin/views/<int:view_id>/delete/": lambda h: Act(f"/admin/views/{h.view.pk}/delete/", {}),
    "admin/catalog/decision/export/": lambda _: Act("/admin/catalog/decision/export/", {}, is_post=False),
    "admin/catalog/match/<path:object_id>/evidence/": lambda h: row("catalog/match", h.match, "evidence"),
    "admin/catalog/evidencelink/<path:object_id>/revoke/": lambda h: row("catalog/evidencelink", h.link, "revoke"),
    "admin/catalog/match/export/": lambda _: Act("/admin/catalog/match/export/", {}, is_post=False),
    "admin/catalog/track/export/": lambda _: Act("/admin/catalog/track/export/", {"q": "Song"}, is_post=False),
    "admin/catalog/track/<path:object_id>/change/": lambda h: row("catalog/track", h.track, "change", title="Renamed"),
    "admin/catalog/track/<int:track_id>/remove/": lambda h: row("catalog/track", h.track, "remove"),
    "admin/catalog/track/<path:object_id>/restore/": lambda h: row("catalog/track", h.gone, "restore"),
    "admin/catalog/track/<path:object_id>/keep/": lambda h: row("catalog/track", h.unwanted, "keep"),
    "admin/catalog/track/<path:object_id>/add-to-index/": lambda h: row("catalog/track", h.track, "add-to-index"),
    "admin/catalog/track/<path:object_id>/check/": lambda h: row("catalog/track", h.track, "check"),
    "admin/catalog/track/<path:object_id>/confirm/": lambda h: row("catalog/track", h.unheard, "confirm"),
    "admin/catalog/track/<path:object_id>/withdraw/": lambda h: row("catalog/track", h.vouched_for, "withdraw"),
    "admin/django_q/failure/<path:object_id>/delete/": lambda h: row("django_q/failure", h.failure, "delete"),
    "admin/django_q/ormq/<path:object_id>/delete/": lambda h: row("django_q/ormq", h.waiting, "delete"),
    "admin/django_q/ormq/<path:object_id>/change/": lambda h: row(
        "django_q/ormq", h.waiting, "change", key="other", lock_0="2026-01-01", lock_1="00:00:00"
    ),
    "admin/webhooks/endpoint/add/": lambda h: Act(
        "/admin/webhooks/endpoint/add/", {"owner": h.friend.pk, "url": "https://new.invalid/hook"} | CHOICES
    ),
    "admin/webhooks/endpoint/<path:object_id>/change/": lambda h: row(
        "webhooks/endpoint", h.endpoint, "change", url="https://moved.invalid/hook", **CHOICES
    ),
    "admin/webhooks/endpoint/<path:object_id>/delete/": lambda h: row("webhooks/endpoint", h.unused, "delete"),
    "admin/webhooks/endpoint/<path:object_id>/recover_failed/": lambda h: row(
        "webhooks/endpoint", h.endpoint, "recover_failed", since="24"
    ),
    **{
        f"admin/webhooks/endpoint/<path:object_id>/{name}/": lambda h, name=name: row(  # type: ignore[misc]
            "webhooks/endpoint", h.endpoint, name
        )
        for name in ("send_test", "verify_again", "rotate_secret", "turn_off")
    },
    "admin/webhooks/endpoint/<path:object_id>/replay/": lambda h: row(
        "webhooks/endpoint", h.endpoint, "replay", since="24"
    ),
    "admin/webhooks/message/<path:object_id>/send_again/": lambda h: row("webhooks/message", h.message, "send_again"),
    "admin/webhooks/message/<path:object_id>/delete_content/": lambda h: row(
        "webhooks/message", h.message, "delete_content"
    ),
    "admin/webhooks/source/add/": lambda _: Act("/admin/webhooks/source/add/", {"slug": "new", "secret": ""}),
    "admin/webhooks/source/<path:object_id>/delete/": lambda h: row("webhooks/source", h.source, "delete"),
    "admin/webhooks/source/<path:object_id>/rotate_secret/": lambda h: row(
        "webhooks/source", h.source, "rotate_secret"
    ),
    "catalog/audio/<uuid:music_id>/": lambda h: Act(
        f"/catalog/audio/{h.heard.music_id}/", {"download": ""}, is_post=False
    ),
    "catalog/review/bulk/": lambda h: Act(
        "/catalog/review/bulk/", {"verdict": "different", "pairs": f"{h.track.pk}-{h.copy.pk}-0"}
    ),
    "catalog/review/undo/<int:decision_id>/": lambda h: Act(f"/catalog/review/undo/{h.decision.pk}/"),
    "catalog/review/<int:first>/<int:second>/decide/": lambda h: Act(
        f"/catalog/review/{h.track.pk}/{h.copy.pk}/decide/", {"choice": "keep_a"}
    ),
    **{
        f"catalog/review/<int:first>/<int:second>/{what}/": lambda h, what=what, data=data: Act(  # type: ignore[misc]
            f"/catalog/review/{h.track.pk}/{h.copy.pk}/{what}/", data | ({"to": h.staff.pk} if what == "give" else {})
        )
        for what, data in {"note": {"text": "Listen to the end."}, "give": {}, "opinion": {"asks": "yes"}}.items()
    },
    "catalog/review/group/<int:track_id>/decide/": lambda h: Act(
        f"/catalog/review/group/{h.track.pk}/decide/",
        {"keeper": h.track.pk, f"kind-{h.copy.pk}": "same", f"kind-{h.other.pk}": "different"},
    ),
    "catalog/uses/<int:track_id>/decide/": lambda h: Act(f"/catalog/uses/{h.mix.pk}/decide/", {"choice": "used-all"}),
    "catalog/uses/<int:track_id>/undo/<int:decision_id>/": lambda h: Act(f"/catalog/uses/{h.mix.pk}/undo/{h.use.pk}/"),
    "catalog/uses/<int:track_id>/tracks.<str:kind>": lambda h: Act(
        f"/catalog/uses/{h.mix.pk}/tracks.cue", is_post=False
    ),
    "catalog/copies-to-remove/remove/": lambda h: Act(
        "/catalog/copies-to-remove/remove/", {"track": [h.unwanted.pk], "sure": "yes"}
    ),
    "catalog/scan/start/": lambda _: Act("/catalog/scan/start/"),
    "catalog/scan/<int:scan_id>/cancel/": lambda h: Act(f"/catalog/scan/{h.scan().pk}/cancel/"),
    "catalog/scan/<int:scan_id>/resume/": lambda h: Act(f"/catalog/scan/{h.cancelled.pk}/resume/"),
    "catalog/scan/schedules/new/": lambda _: Act("/catalog/scan/schedules/new/?added=7", SCHEDULE),
    "catalog/scan/schedules/<int:schedule_id>/": lambda h: Act(f"/catalog/scan/schedules/{h.schedule.pk}/", SCHEDULE),
    "catalog/scan/schedules/<int:schedule_id>/switch/": lambda h: Act(
        f"/catalog/scan/schedules/{h.schedule.pk}/switch/", {"on": "no"}
    ),
    "catalog/scan/schedules/<int:schedule_id>/delete/": lambda h: Act(
        f"/catalog/scan/schedules/{h.schedule.pk}/delete/"
    ),
}
SENDS_A_FILE = {  # and changes no row
    "catalog/audio/<uuid:music_id>/",
    *(f"admin/catalog/{table}/export/" for table in ("decision", "match", "track")),
    "catalog/uses/<int:track_id>/tracks.<str:kind>",
}

# What only shows a page: the form there does it.
SHOWS_FIRST = {
    f"catalog/waitingpair: {name}" for name in ("decide_same", "decide_version", "decide_different", "one_by_one")
}

# (table, action of its list) -> the rows to choose
ACTIONS: dict[tuple[str, str], Callable[[House], list[Model]]] = {
    ("auth/user", "delete_selected"): lambda h: [h.friend],
    ("auth/group", "delete_selected"): lambda h: [h.group],
    ("catalog/track", "add_selected"): lambda h: [h.track, h.copy],
    ("catalog/track", "check_selected"): lambda h: [h.track, h.copy],
    ("catalog/track", "remove_selected"): lambda h: [h.track, h.copy],
    ("catalog/track", "restore_selected"): lambda h: [h.gone],
    ("catalog/track", "confirm_selected"): lambda h: [h.unheard],
    **{("catalog/waitingpair", name.partition(": ")[2]): lambda h: [h.match] for name in SHOWS_FIRST},
    ("django_q/failure", "run_again"): lambda h: [h.failure],
    ("django_q/failure", "delete_selected"): lambda h: [h.failure],
    ("django_q/ormq", "delete_selected"): lambda h: [h.waiting],
    ("webhooks/message", "send_selected_again"): lambda h: [h.message],
}


SHOWING = {"restore_selected": "?state=removed"}  # the list's filter that shows the rows


def of_list(table: str, name: str, rows: list[Model]) -> Act:
    """Return the request that does an action of a list with these rows, agreed to where it asks."""
    chosen = {"action": name, "_selected_action": [item.pk for item in rows]}
    return Act(f"/admin/{table}/{SHOWING.get(name, '')}", chosen | {"post": "yes", "sure": "yes"})


def every_act(house: House) -> dict[str, Act]:
    """Return all acts by name."""
    pages = {route: make(house) for route, make in ACTS.items() if "cancel" not in route}
    return pages | {name: act for name, act in _of_lists(house).items() if name not in SHOWS_FIRST}


def showing_acts(house: House) -> dict[str, Act]:
    """Return those that only show a page."""
    return {name: act for name, act in _of_lists(house).items() if name in SHOWS_FIRST}


def _of_lists(house: House) -> dict[str, Act]:
    return {f"{table}: {name}": of_list(table, name, rows(house)) for (table, name), rows in ACTIONS.items()}


def contents() -> dict[str, list[Any]]:
    """Return every row of the tables that hold something; what only notes what happened is left out."""
    models = [
        model for model in apps.get_models() if model._meta.app_label in ("auth", "catalog", "webhooks", "django_q")
    ] + [SavedView]
    found = {}
    for model in models:
        names = [field.name for field in model._meta.concrete_fields if field.name != "last_login"]
        found[model._meta.label] = sorted(map(repr, model._base_manager.values_list(*names)))
    for model in (User, Group):
        for many in model._meta.many_to_many:
            through = getattr(model, many.name).through
            found[through._meta.label] = sorted(map(repr, through.objects.values_list()))
    return found


def actions_there_are(request: Any) -> set[tuple[str, str]]:
    """Return every action of every list, as the person of `request` is offered them."""
    return {
        (f"{model._meta.app_label}/{model._meta.model_name}", name)
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.get_actions(request)
    }
