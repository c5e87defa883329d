"""Addresses of the contract's four calls, and of those beside them."""

from django.urls import path

from catalog.api.views import client_fingerprints, events, fingerprints, keys, music, tasks

urlpatterns = [
    path("music", music.MusicView.as_view(), name="api-music"),
    path("music/<str:music_id>", music.TrackView.as_view(), name="api-track"),
    path("fingerprint", client_fingerprints.ClientFingerprintView.as_view(), name="api-fingerprint"),
    path("fingerprint/add", fingerprints.AddView.as_view(), name="api-add"),
    path("fingerprint/check", fingerprints.CheckView.as_view(), name="api-check"),
    path("fingerprint/remove", fingerprints.RemoveView.as_view(), name="api-remove"),
    path("task", tasks.TasksView.as_view(), name="api-tasks"),
    path("task/result/<str:task_id>", tasks.TaskResultView.as_view(), name="api-task-result"),
    path("task/result/<str:task_id>/matches", tasks.MatchesView.as_view(), name="api-matches"),
    path("events", events.EventsView.as_view(), name="api-events"),
    path("key", keys.KeyView.as_view(), name="api-key"),
]
