"""What a message is made of: notices, text that is safe to print, the nearest known names. Loads nothing else."""

import difflib
from collections.abc import Iterable


class Notice(UserWarning):
    """Something about the user's data that is used, but perhaps not as the user thinks."""


def printable(text: object) -> str:
    """The text with what a terminal cannot or should not show (controls, bytes that are no UTF-8) as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def reason(error: BaseException) -> str:
    """What an error says, on one printable line; its kind where it says nothing."""
    return printable(" ".join(str(error).split()))[:300] or type(error).__name__


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that offers the known names which resemble the word; empty where none does."""
    similar = difflib.get_close_matches(word, list(known))
    return f"did you mean {' or '.join(similar)}?" if similar else ""
