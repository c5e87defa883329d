"""Opens pages over the database that DATABASE_URL names and prints what came, as JSON; run by test_kept_database."""

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402  (after the settings)
from django.test import Client  # noqa: E402

from catalog.models import Job  # noqa: E402
from catalog.services.tasks import leasing  # noqa: E402
from webhooks.models import Endpoint, Source  # noqa: E402
from webhooks.services import endpoint_secret, source_secret  # noqa: E402


def look(paths: list[str]) -> dict[str, object]:
    """Return each page's status and text, and what the secrets and the queue say."""
    desk = Client(raise_request_exception=False)
    desk.force_login(User.objects.get(username="boss"))
    answers = {path: desk.get(path, follow=True) for path in paths}
    return {
        "pages": {path: [answer.status_code, answer.content.decode()] for path, answer in answers.items()},
        "secrets": [
            source_secret(source=Source.objects.get(slug="a-peer")),
            endpoint_secret(endpoint=Endpoint.objects.get(owner__username="Zoë")),
        ],
        "claimed": [bool(leasing.claim(job.pk)) for job in Job.objects.filter(status=Job.Status.PENDING)],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look(sys.argv[1:])))
