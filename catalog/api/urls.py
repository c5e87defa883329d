"""Addresses of the contract."""

from django.urls import path

from catalog.api import views

urlpatterns = [
    path("music", views.MusicView.as_view(), name="api-music"),
    path("fingerprint/add", views.AddView.as_view(), name="api-add"),
    path("fingerprint/check", views.CheckView.as_view(), name="api-check"),
    path("task/result/<str:task_id>", views.TaskResultView.as_view(), name="api-task-result"),
]
