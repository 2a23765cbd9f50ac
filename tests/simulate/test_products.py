"""The clouds of Theorems 3 and 4: bounds that hold, for every claim, and the printed one as void as it is."""

import numpy as np
import pytest

from simulate.models import models
from simulate.products import SHOWN, clouds
from simulate.theorems3and4 import THEOREM_3, THEOREM_4


@pytest.fixture(scope="module")
def drawn():
    return clouds(models())


def test_every_claim_has_its_clouds_and_no_bound_is_below_the_product(drawn):
    assert {cloud["claim"] for cloud in drawn} == {*THEOREM_3, *THEOREM_4}
    for cloud in drawn:
        product, bound = np.array(cloud["product"]), np.array(cloud["bound"])
        assert 2 <= len(product) <= SHOWN
        assert (bound >= product - 1e-9).all()


def test_sharp_is_below_printed_and_the_printed_third_says_nothing(drawn):
    by_claim = {(cloud["worlds"], cloud["claim"]): np.array(cloud["bound"]) for cloud in drawn}
    for (worlds, claim), bound in by_claim.items():
        if claim == "thm-3":
            assert bound.min() > 2.58
        if claim.endswith("-sharp"):
            assert (bound <= by_claim[worlds, claim.removesuffix("-sharp")] + 1e-9).all()
            assert bound.min() < by_claim[worlds, claim.removesuffix("-sharp")].min()
