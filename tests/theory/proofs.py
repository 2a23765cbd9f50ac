"""Whether the checks of a claim come out, its predicate aside: a proof has to notice a false formula by itself."""


def discharged(claim):
    """Whether every step of the proof, and every other check, holds; stops at the first that does not."""
    return all(check().holds for check in {**claim.steps, **claim.other}.values())
