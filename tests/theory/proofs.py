"""Whether the checks of a claim come out, its predicate aside: a proof has to notice a false formula by itself."""

from theory import ledger
from theory.falsification import falsify


def slack_of_proved(claim):
    """The least slack of at least 100 informative worlds, of a claim whose verdict is the one expected."""
    assert ledger.verdict(claim, ledger.gather(claim)) is claim.expected
    search = falsify(claim.predicate)
    assert search.informative >= 100
    return search.slack


def discharged(claim):
    """Whether every step of the proof and every other check hold, the predicate aside; stops at the first that does not."""
    return all(check().holds for check in {**claim.steps, **claim.other}.values())
