"""With `--no-skips`, and where CI is set, a skipped test fails, unless it needs CUDA or torchvision.

Also the long runs of commands that tests of several files look at: each is made once, for all processes of pytest-xdist.
"""

import json
import os
import re
import signal
import time

import pytest

from theory.files import lock_in_turn

ALLOWED = re.compile(r"\b(CUDA|GPU|torchvision)\b")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job, also for what it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", default=bool(os.environ.get("CI")), help="skipped tests fail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    return without_skips(report, item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    return without_skips(report, collector.config)


def without_skips(report, config):
    """The report, failed where it was skipped for a reason that is not allowed; an expected failure is no skip."""
    if config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        path, line, reason = report.longrepr
        if not ALLOWED.search(reason):
            report.outcome = "failed"
            report.longrepr = (
                f"{path}:{line}: {reason}; `make checks` installs what is missing, and nothing else may skip"
            )
    return report


@pytest.fixture(scope="session")
def once(request, tmp_path_factory):
    """once(name, make): the folder that make(folder) filled, in the process that was the first of this session to ask."""
    session = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # pytest-xdist puts the folders of its workers into one
        session = session.parent

    def folder(name, make):
        made = session / name
        with lock_in_turn(session / f"{name}.lock"):
            if not made.exists():
                unfinished = tmp_path_factory.mktemp(name)
                make(unfinished)
                unfinished.rename(made)
        return made

    return folder


def run(main, folder, *words):
    """Run a command that writes into folder/build/evidence; folder/run.json tells its status and the CPU seconds it took."""
    start = time.process_time()
    status = main(["--out", str(folder / "build" / "evidence"), *words])
    (folder / "run.json").write_text(json.dumps({"status": status, "seconds": time.process_time() - start}))


@pytest.fixture(scope="module")
def one_thread():
    """torch with one thread, whose results are those of any machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def theory_run(once):
    """The folder of one run of `python -m theory`."""
    from theory.__main__ import main

    return once("theory", lambda folder: run(main, folder))


@pytest.fixture(scope="session")
def simulate_run(once):
    """The folder of one run of `python -m simulate`."""
    from simulate.__main__ import main

    return once("simulate", lambda folder: run(main, folder, "--seed", "4"))
