"""The mutation check names only modules and tests that are there, and finds tests for every module with formulas."""

import pytest

from tests import mutation

THEORY = mutation.ROOT / "theory"


def test_its_tables_name_modules_that_are_there():
    assert all((THEORY / module).is_file() for module in [*mutation.TESTED_BY, *mutation.NOT_MUTATED])


@pytest.mark.parametrize("module", mutation.modules())
def test_every_module_has_tests_that_are_there(module):
    assert all((mutation.ROOT / path).is_file() for path in mutation.tests_of(module))


def test_a_module_is_tested_by_the_file_of_its_name_or_the_nearest_folder():
    assert mutation.mirrored("arcl/example1.py") == ["arcl/test_example1"]
    assert mutation.mirrored("divergence/theorem3_sharp.py") == ["divergence/test_theorem3"]
    assert mutation.mirrored("theorem1/certificates/world.py") == ["theorem1/test_world"]
    assert mutation.mirrored("theorem1/forms/chord.py") == ["theorem1/test_forms"]
    assert mutation.mirrored("population/means.py") == [
        f"population/test_{name}" for name in ("bets", "order", "population", "predicates", "proportions")
    ]
    assert mutation.mirrored("prove.py") == ["test_prove"]
