"""The command line: one vocabulary of options, errors of one line, and one handler of whatever a command raises.

Every command ends with one of these statuses:

    0    done
    1    evidence contradicts an expectation, or a certificate does not stand; nothing else
    2    bad input, or an environment that cannot be used: one line that names the value and the remedy
    70   an error of this program: a traceback for a bug report
    130  interrupted by Ctrl-C
    141  the reader of the output closed the pipe
"""

import _thread
import argparse
import contextlib
import errno
import importlib
import io
import os
import select
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn, TextIO

from theory.messages import Notice, nearest, printable

NAME = "contrastive-theory"
ISSUES = "https://github.com/contrastive-theory/contrastive-theory/issues"
BAD_INPUT, PROGRAM_ERROR, INTERRUPTED, CLOSED_PIPE = 2, 70, 130, 141

REMEDIES = {
    errno.ENOSPC: "free some space, or give a folder on another disk",
    errno.EDQUOT: "free some space, or give a folder on another disk",
    errno.EROFS: "give a folder that can be written",
    errno.EACCES: "give a path that you may use, or change its permissions",
    errno.EPERM: "give a path that you may use, or change its permissions",
    errno.ENOENT: "check the path",
}


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


SHARED: dict[str, dict[str, Any]] = {
    "data": {"metavar": "NAME"},
    "path": {"type": Path, "help": "where cifar10, cifar100, folder or npz lie on the disk; nothing is downloaded"},
    "views": {"metavar": "KIND"},
    "n-views": {
        "type": integer,
        "default": 8,
        "metavar": "N",
        "help": "views per image, itself included (%(default)s)",
    },
    "seed": {"type": integer, "default": 0, "metavar": "N", "help": "of every random draw, 0 or more (%(default)s)"},
    "jobs": {"type": integer, "default": 1, "metavar": "N", "help": "processes (%(default)s)"},
    "device": {"default": "auto", "help": "auto, cpu or cuda (%(default)s)"},
    "runs": {"type": Path, "default": Path("build/runs"), "help": "folder of checkpoints (%(default)s)"},
    "evidence": {"type": Path, "default": Path("build/evidence"), "help": "folder of the evidence (%(default)s)"},
    "out": {"type": Path, "default": Path("build/evidence"), "help": "folder of the result (%(default)s)"},
    "json": {"action": "store_true", "help": "print one JSON document instead of tables"},
    "quiet": {"action": "store_true", "help": "no progress bars"},
}
"""Options that mean the same in every command; `OneLineParser.share` adds them."""


class Stop(SystemExit):
    """The end of a command by its parser; any other SystemExit comes from code that was called, and is an error."""


class OneLineParser(argparse.ArgumentParser):
    """argparse with errors of one line, `--version`, and every negative number, also -1e3 and -inf, taken for a value."""

    def __init__(self, command: str, **options: Any) -> None:
        super().__init__(prog=f"{NAME} {command}".strip(), allow_abbrev=False, **options)
        self.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")

    def share(self, *names: str, **changes: Any) -> None:
        """Add the options of `SHARED` with these names; changes, such as another default, hold for all of them."""
        for name in names:
            self.add_argument(f"--{name}", **(SHARED[name] | changes))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the command with this status, after the message on stderr."""
        if message:
            self._print_message(message, sys.stderr)
        raise Stop(status)

    def error(self, message: str) -> NoReturn:
        """Print the message on one line of stderr and exit with status 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {' '.join(message.split())} (--help shows the options)\n")

    def parse_words(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Parse argv (sys.argv[1:] if None); with a blank in front argparse does not take a number for an option."""
        words = sys.argv[1:] if argv is None else argv
        numbers = [f" {word}" if word.startswith("-") and _is_number(word) else word for word in words]
        options, unknown = self.parse_known_args(numbers)
        if unknown:
            near = nearest(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}" + (f"; {near}" if near else ""))
        return options


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        try:
            version = metadata.version(NAME)
        except metadata.PackageNotFoundError:
            version = "(not installed)"
        print(f"{NAME} {version}")
        parser.exit()


def at_least(options: argparse.Namespace, **least: int) -> None:
    """ValueError that names the first of these options which is smaller than it may be."""
    for name, bound in least.items():
        value = getattr(options, name)
        if value < bound:
            raise ValueError(f"--{name.replace('_', '-')}={value}: too few; use {bound} or more")


def output_folder(option: str, folder: Path) -> Path:
    """The folder, after a trial that it can be written, which leaves nothing behind; ValueError where it cannot."""
    try:
        str(folder).encode()  # its name is written to files
        path = folder.absolute()
        existing = next(one for one in (path, *path.parents) if one.exists())
        with tempfile.TemporaryDirectory(dir=existing, suffix=".partial") as trial:  # as in theory.files
            (trial / path.relative_to(existing)).mkdir(parents=True, exist_ok=True)
            (trial / path.relative_to(existing) / "probe").write_bytes(b"?")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{option}={str(folder)!r}: cannot be written ({reason}); give another folder") from error
    return folder


def show_progress(options: argparse.Namespace) -> bool:
    """Whether to draw progress bars: on a terminal only, and not with `--quiet`."""
    return not options.quiet and sys.stderr is not None and sys.stderr.isatty()


@contextlib.contextmanager
def _notices_on_one_line() -> Iterator[None]:
    """Inside, a notice about the user's data is printed as one line; other warnings are as Python prints them."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, Notice):
            _say(f"note: {message}")
        else:
            print(warnings.formatwarning(message, category, filename, lineno, line), file=file or sys.stderr, end="")

    with warnings.catch_warnings():
        warnings.simplefilter("default", Notice)
        warnings.showwarning = show
        yield


def exit_status(main: Callable[[Sequence[str] | None], int], argv: Sequence[str] | None = None) -> int:
    """The exit status of a command; whatever `main` raises becomes one of the statuses above, with its message."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console that lacks a character shows its code
    hook, sys.unraisablehook = sys.unraisablehook, _again
    try:
        with _notices_on_one_line():
            status = _status(main, argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted; give the same command again: training resumes after its last finished epoch")
        status = INTERRUPTED
    except OSError as error:
        status = _environment(error)
    except BrokenExecutor:
        _say("a worker process was ended from outside, most often for lack of memory; give fewer jobs")
        status = BAD_INPUT
    except BaseException as error:  # other people's code may raise anything
        if _is_memory(error):
            _say("the memory is used up; give this command less to do, or a larger machine")
            status = BAD_INPUT
        else:
            with contextlib.suppress(OSError):
                traceback.print_exc()
            _say(f"an error of this program; please report the lines above at {ISSUES}")
            status = PROGRAM_ERROR
    finally:
        sys.unraisablehook = hook
    for stream in (sys.stdout, sys.stderr):
        _finish(stream)
    return status


def launch(module: str) -> NoReturn:
    """End the process with the status of the module's `main`.

    `python -m MODULE` calls it before its own imports, so that an error in these is one of the program too: Python would end
    with 1. What the module defines then has the module's own name, not `__main__`, also in worker processes.
    """
    sys.exit(exit_status(lambda argv: int(importlib.import_module(module).main(argv))))


def _again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C that arrives while an object is deleted is lost there: raise it once more, a moment later."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(0.05, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)


def _status(main: Callable[[Sequence[str] | None], int], argv: Sequence[str] | None) -> int:
    try:
        return main(argv)
    except Stop as stop:
        return int(str(stop))
    except SystemExit as stop:
        raise RuntimeError(f"code that was called ended the program, with status {stop.code!r}") from stop


def _environment(error: OSError) -> int:
    """Say what the operating system refused, in one line, unless nobody is left to read it."""
    if isinstance(error, BrokenPipeError) and (_is_closed(sys.stdout) or _is_closed(sys.stderr)):
        return CLOSED_PIPE
    path = "the output" if error.filename is None else os.fsdecode(error.filename)
    _say(f"{path}: {error.strerror or error}; {REMEDIES.get(error.errno or 0, 'check it')}")
    return BAD_INPUT


def _is_memory(error: BaseException) -> bool:
    """Whether the memory is used up: of the machine or, as torch says it in a RuntimeError, of a device."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error))
    )


def _say(message: str) -> None:
    with contextlib.suppress(OSError):
        print(f"{NAME}: {printable(' '.join(message.split()))}", file=sys.stderr, flush=True)


def _is_closed(stream: TextIO | None) -> bool:
    """Whether the stream is a pipe that nobody reads any more."""
    if stream is None:
        return False
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _finish(stream: TextIO | None) -> None:
    """Flush the stream; one that cannot be written goes to nowhere, so that the interpreter's last flush succeeds."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
