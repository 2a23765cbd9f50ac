"""The pages of the project: their Jinja2 templates, one style sheet for all, and what fills the footer."""

import platform
from functools import cache
from importlib import metadata
from typing import Any

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from empirical.revision import revision
from theory.command import NAME

VERSIONS = (NAME, "numpy", "sympy", "z3-solver", "cvc5", "python-flint", "torch", "matplotlib")
"""Distributions that decide a result, named in the footer."""


@cache
def environment(package: str) -> Environment:
    """Templates of `empirical` and of this package, each under the name of its package; what is inserted is escaped."""
    loader = PrefixLoader({name: PackageLoader(name) for name in ("empirical", package)})
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """The page that a template, PACKAGE/NAME, makes of these values."""
    footer = {"commit": revision(), "versions": versions(), "machine": machine()}
    return environment(template.partition("/")[0]).get_template(template).render(footer=footer, **values) + "\n"


def versions() -> dict[str, str]:
    """The versions of Python and of `VERSIONS`, as far as they are installed."""
    installed = {"Python": platform.python_version()}
    for name in VERSIONS:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def machine() -> str:
    """The system and processor that the page was made on."""
    return f"{platform.system()} {platform.machine()}"
