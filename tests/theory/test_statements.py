from theory.ledger import claims
from theory.statements import numbered, path_word

NUMBERED = {claim.id: numbered(claim) for claim in claims() if numbered(claim)}


def test_every_numbered_statement_has_claims():
    huang = {*(f"Theorem {number}" for number in (1, 2, 3, 4)), "Lemma 3.1", "Lemma 3.2", "Lemma 4.1"}
    assert set(NUMBERED.values()) == huang | {"ArCL, Example 1", "ArCL, Theorem 2", "ArCL, Algorithm 1"}


def test_a_claim_lies_in_a_file_whose_path_names_its_statement():
    misplaced = {
        claim.id: claim.module
        for claim in claims()
        if claim.id in NUMBERED and path_word(NUMBERED[claim.id]) not in claim.module
    }
    assert misplaced == {}
