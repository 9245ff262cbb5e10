"""What a command says when it cannot do what was asked: one sentence on stderr, and exit code 1."""

from __future__ import annotations

import sys
from typing import IO, Any

import click


class Refused(click.ClickException):
    """Nothing was done, or not all of it; the message says why."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence."""
        print(f"meridian: {self.format_message()}", file=file or sys.stderr)
