"""The theory of self-supervised contrastive learning, checked on paper and on real encoders: the public functions.

claims, gather, verdict    the ledger: every claim, its evidence, and what follows from it
certify, FiniteWorld       the exact form of Theorem 1 on arrays of views, features and labels
frontier                   sigma(delta), the share of each class within a distance, at every threshold
audit                      what Theorem 1 certifies of an encoder, on data and views of your own
load, train                data sets and training
figures                    the package that draws the report

The command is `contrastive-theory`. What is named here is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from theory.exports import on_demand

if TYPE_CHECKING:
    import figures as figures
    from empirical.audit import audit as audit
    from empirical.data.sets import load as load
    from empirical.training.loop import train as train
    from theory.concentration import frontier as frontier
    from theory.ledger import claims as claims
    from theory.ledger import gather as gather
    from theory.ledger import verdict as verdict
    from theory.setting import FiniteWorld as FiniteWorld
    from theory.theorem1 import certify as certify

_MODULES = {
    "FiniteWorld": "theory.setting",
    "audit": "empirical.audit",
    "certify": "theory.theorem1",
    "claims": "theory.ledger",
    "frontier": "theory.concentration",
    "gather": "theory.ledger",
    "load": "empirical.data.sets",
    "train": "empirical.training.loop",
    "verdict": "theory.ledger",
}

__all__ = [
    "FiniteWorld",
    "audit",
    "certify",
    "claims",
    "figures",
    "frontier",
    "gather",
    "load",
    "train",
    "verdict",
]

_defined = on_demand(__name__, _MODULES)


def __getattr__(name: str) -> Any:
    if name == "figures":  # a package, which no module defines
        return importlib.import_module(name)
    return _defined(name)
