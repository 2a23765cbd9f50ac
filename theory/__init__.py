"""The claims of contrastive-learning theory: formulas, statements, proofs, refutations. See `theory.ledger`."""
