"""Which code decides a result: the modules that are imported to compute it, and one hash of what they do.

A run or a result is kept under a name made of its configuration and of this hash, so that edited code makes another run and
never answers with an old one. Docstrings, comments and layout do not count: prose can be mended without training again.
"""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

PACKAGES = ("theory", "simulate", "empirical", "figures")
"""The packages whose modules count; other distributions are named by their versions in the requirements*.lock."""


def source_digest(*modules: str) -> str:
    """SHA-256 of the code of these modules and of all that they import from `PACKAGES`, directly or not."""
    digest = hashlib.sha256()
    for name in imported_modules(*modules):
        digest.update(f"{name}\n{_code(name)}\n".encode())
    return digest.hexdigest()


def imported_modules(*modules: str) -> tuple[str, ...]:
    """These modules and all that an import of them loads from `PACKAGES`, in alphabetical order.

    Read off the import statements, wherever they stand in a file; the parents of a module count, as Python loads them first.
    A module of another distribution counts if it is named here, without what it imports itself.
    """
    reached, waiting = set[str](), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _direct(name)
    return tuple(sorted(reached))


def spec_of(name: str) -> ModuleSpec | None:
    """Where a module lies, as `importlib.util.find_spec` says it, but without importing the packages above it."""
    parent = name.rpartition(".")[0]
    if not parent or parent in sys.modules:
        return importlib.util.find_spec(name)
    above = spec_of(parent)
    folders = None if above is None else above.submodule_search_locations
    return None if folders is None else PathFinder.find_spec(name, folders)


@cache
def _tree(name: str) -> tuple[ast.Module, bool]:
    """The parsed source of a module and whether it is a package; an empty one for a module without Python source."""
    if name.partition(".")[0] in PACKAGES:
        spec = spec_of(name)
        path = None if spec is None else spec.origin
    else:  # a user's module, or __main__, which has no spec where it is a script
        module = importlib.import_module(name)
        path = inspect.getsourcefile(module) if getattr(module, "__file__", None) else None
    return ast.parse("" if path is None else Path(path).read_bytes()), path is not None and Path(
        path
    ).stem == "__init__"


@cache
def _direct(name: str) -> tuple[str, ...]:
    """Parents and imports of a module, as far as they belong to `PACKAGES`."""
    if name.partition(".")[0] not in PACKAGES:
        return ()
    tree, is_package = _tree(name)
    names = [name.rpartition(".")[0], *_statements(tree, name if is_package else name.rpartition(".")[0])]
    names += _walked(tree, name) if is_package else []
    return tuple(dict.fromkeys(n for n in names if n.partition(".")[0] in PACKAGES))


def _statements(tree: ast.Module, package: str) -> Iterator[str]:
    """The modules that the import statements of a file name; package: what relative ones start from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            if base.partition(".")[0] in PACKAGES and _tree(base)[1]:
                names = (f"{base}.{alias.name}" for alias in node.names)
                yield from (name for name in names if spec_of(name) is not None)


def _walked(tree: ast.Module, package: str) -> list[str]:
    """The modules of a package that imports all of its own, by `__path__`, when it is imported itself."""
    done_at_once = [part for part in tree.body if not isinstance(part, ast.FunctionDef | ast.ClassDef)]
    if "__path__" not in {n.id for part in done_at_once for n in ast.walk(part) if isinstance(n, ast.Name)}:
        return []
    spec = spec_of(package)
    folders = None if spec is None else spec.submodule_search_locations
    return [f"{package}.{module.name}" for module in pkgutil.iter_modules(folders or [])]


@cache
def _code(name: str) -> str:
    """The source of a module without docstrings, comments and layout."""
    tree, _ = _tree(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_prose(part)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_prose(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
