"""Proofs that Coq checks, from the definitions in Setting.v on; see README.md, and `make` in this folder."""
