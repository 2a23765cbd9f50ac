"""Command-line options whose errors are one line that names the value and the remedy, with exit status 2."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """argparse whose errors are one line, and which takes every negative number, also -1e3 and -inf, for a value."""

    def error(self, message: str) -> NoReturn:
        """Print the message on one line of stderr and exit with status 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (--help shows the options)\n")

    def parse_words(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Parse argv (sys.argv[1:] if None); with a blank in front argparse does not take a number for an option."""
        words = sys.argv[1:] if argv is None else argv
        return self.parse_args([f" {word}" if word.startswith("-") and _is_number(word) else word for word in words])


def integer(word: str) -> int:
    """Read an integer option; the error names the word."""
    try:
        return int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word.strip()!r} is not an integer; give for example 1000") from None


def number(word: str) -> float:
    """Read a number option; the error names the word."""
    try:
        return float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word.strip()!r} is not a number; give for example 0.1") from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
