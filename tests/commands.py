"""The commands, as an operator types them."""

import io

from django.core.management import call_command


def said(*arguments: str, **options: object) -> str:
    """Run a command and return what it printed."""
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=io.StringIO(), **options)
    return output.getvalue()
