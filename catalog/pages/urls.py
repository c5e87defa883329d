"""Staff pages."""

from django.urls import URLPattern, URLResolver, path

from catalog.pages import (
    audio,
    copies_to_remove,
    evidence,
    index,
    overview,
    review,
    review_bulk,
    review_group,
    review_talk,
    scan,
    uses,
)

app_name = "catalog"
urlpatterns: list[URLPattern | URLResolver] = [
    path("audio/<uuid:music_id>/", audio.audio, name="audio"),
    path("audio/<uuid:music_id>/peaks/", audio.peaks, name="peaks"),
    path("audio/<uuid:music_id>/spectrogram.png", audio.spectrogram, name="spectrogram"),
    path("audio/<uuid:music_id>/telling.svg", audio.telling, name="telling"),
    path("review/", review.queue, name="review"),
    path("review/bulk/", review_bulk.bulk, name="review_bulk"),
    path("review/next/", review.next_pair, name="review_next"),
    path("review/previous/", review.previous_pair, name="review_previous"),
    path("review/skipped/", review.bring_back, name="review_skipped"),
    path("review/undo/<int:decision_id>/", review.undo_decision, name="review_undo"),
    path("review/<int:first>/<int:second>/", review.pair, name="review_pair"),
    path("review/<int:first>/<int:second>/decide/", review.decide_pair, name="review_decide"),
    path("review/<int:first>/<int:second>/skip/", review.skip_pair, name="review_skip"),
    path("review/<int:first>/<int:second>/note/", review_talk.note, name="review_note"),
    path("review/<int:first>/<int:second>/give/", review_talk.give, name="review_give"),
    path("review/<int:first>/<int:second>/opinion/", review_talk.opinion, name="review_opinion"),
    path("review/group/<int:track_id>/", review_group.group, name="review_group"),
    path("review/group/<int:track_id>/decide/", review_group.decide, name="review_group_decide"),
    path("evidence/<str:token>/", evidence.evidence, name="evidence"),
    path("uses/", uses.queue, name="uses"),
    path("uses/<int:track_id>/", uses.mix, name="uses_mix"),
    path("uses/<int:track_id>/decide/", uses.decide, name="uses_decide"),
    path("uses/<int:track_id>/undo/<int:decision_id>/", uses.undo_uses, name="uses_undo"),
    path("uses/<int:track_id>/tracks.<str:kind>", uses.export, name="uses_export"),
    path("copies-to-remove/", copies_to_remove.waiting, name="copies_to_remove"),
    path("copies-to-remove/remove/", copies_to_remove.remove, name="copies_remove"),
    path("sidebar/", overview.sidebar, name="sidebar"),
    path("index/", index.index, name="index"),
    path("scan/", scan.scan, name="scan"),
    path("scan/start/", scan.start, name="scan_start"),
    path("scan/<int:scan_id>/cancel/", scan.cancel, name="scan_cancel"),
    path("scan/<int:scan_id>/resume/", scan.resume, name="scan_resume"),
]
