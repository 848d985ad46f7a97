"""Commands, run as people run them."""

from typing import Any

from django.core.management import call_command


def exit_code(command: str, *arguments: object, **options: Any) -> int:
    try:
        call_command(command, *arguments, **options)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
