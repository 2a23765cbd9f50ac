"""With `--no-skips`, and where CI is set, a skipped test fails, unless it needs CUDA or torchvision."""

import os
import re
import signal

import pytest

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
