"""The claims of Theorem 1 in the ledger, with their proofs, witnesses and searches."""
