"""The claims of Theorem 1 in the ledger: one file per claim or pair of claims, named by what it claims.

    lemma_3_1, lemma_3_2    the lemmas; the false step in the printed proof of the second
    printed                 Theorem 1 with Delta_mu (thm-1) and without (thm-1-printed)
    misprint, ideal         the lecture's misprint, which is false; the ideal case
    corrected, sharp, chord, cap, exact, anchored   the forms derived from it, as in `theory.theorem1.forms`
    per_class, local        what every form allows: classes apart, and a spread measured in feature space
    nesting                 which form certifies whatever another one does

Shared: `steps`, `thresholds` (corrected and sharp), `caps` (cap and exact). `search` draws configurations that come near
breaking a form; `attained` builds worlds that attain the exact one.
"""
