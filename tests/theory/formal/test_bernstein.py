"""The coefficients that `theory.formal.bernstein` computes: they are those of the Coq proof, and they prove what they say."""

import re
from pathlib import Path

import pytest
import sympy

from theory.formal import bernstein

PROOF = Path(bernstein.__file__).with_name("Lemma32.v").read_text()


@pytest.mark.parametrize("name", ["end_1", "end_0", "end_tau"])
def test_identity_and_the_numbers_of_the_proof(name):
    proof = bernstein.certificates()[name]
    n = len(proof.coefficients) - 1
    total = sum(c * proof.left**i * proof.right ** (n - i) for i, c in enumerate(proof.coefficients))
    assert sympy.expand(total - proof.scale * proof.polynomial) == 0
    assert min(proof.coefficients) > 0
    block = PROOF[PROOF.index(f"Lemma {name} ") :].split("Qed.")[0]
    terms = re.findall(r"(?:\((\d+)%:R \* 1000%:R \+ (\d+)%:R\)|(\d+)%:R) \* \([AB] \^\+", block)
    assert [int(thousands or 0) * 1000 + int(rest or small) for thousands, rest, small in terms] == list(
        proof.coefficients
    )


def test_a_coefficient_that_is_not_positive_proves_nothing():
    r = bernstein.root
    with pytest.raises(ValueError, match="not positive"):
        bernstein.certificate(r**2 - r, r, 1 - r)
