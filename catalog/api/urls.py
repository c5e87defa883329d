"""Addresses of the contract's four calls, and of those beside them."""

from django.urls import path

from catalog.api.views import (
    callback_deliveries,
    callback_urls,
    client_fingerprints,
    events,
    fingerprints,
    keys,
    music,
    presigned,
    tasks,
    uploads,
)

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
    path("callback-url", callback_urls.CallbackUrlsView.as_view(), name="api-callback-urls"),
    path("callback-url/<str:url_id>", callback_urls.CallbackUrlView.as_view(), name="api-callback-url"),
    path("callback-url/<str:url_id>/verify", callback_urls.VerifyView.as_view(), name="api-callback-verify"),
    path("callback-url/<str:url_id>/secret", callback_urls.SecretView.as_view(), name="api-callback-secret"),
    path("callback-url/<str:url_id>/rotate", callback_urls.RotateView.as_view(), name="api-callback-rotate"),
    path("callback-url/<str:url_id>/test", callback_urls.TestView.as_view(), name="api-callback-test"),
    path("callback-url/<str:url_id>/recover", callback_deliveries.RecoverView.as_view(), name="api-callback-recover"),
    path("callback-url/<str:url_id>/replay", callback_deliveries.ReplayView.as_view(), name="api-callback-replay"),
    path(
        "callback-url/<str:url_id>/deliveries",
        callback_deliveries.DeliveriesView.as_view(),
        name="api-callback-deliveries",
    ),
    path(
        "callback-url/<str:url_id>/deliveries/<str:message_id>",
        callback_deliveries.DeliveryView.as_view(),
        name="api-callback-delivery",
    ),
    path(
        "callback-url/<str:url_id>/deliveries/<str:message_id>/content",
        callback_deliveries.ContentView.as_view(),
        name="api-callback-content",
    ),
    path("uploads/", uploads.UploadsView.as_view(), name="api-uploads"),
    path("uploads", uploads.UploadsView.as_view(schema=None)),  # no program that calls `/api/` is sent on
    path("uploads/presigned", presigned.PresignedView.as_view(), name="api-presigned"),
    path("uploads/<str:upload_id>", uploads.UploadView.as_view(), name="api-upload"),
    path("uploads/<str:upload_id>/complete", presigned.CompleteView.as_view(), name="api-complete"),
    path("key", keys.KeyView.as_view(), name="api-key"),
]
