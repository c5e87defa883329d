"""The incoming endpoint."""

from django.urls import path

from webhooks.views import incoming

app_name = "webhooks"
urlpatterns = [
    path("incoming/<str:slug>/", incoming, name="incoming"),
    path("incoming/<str:slug>", incoming),  # as a sender may have copied it
]
