"""The claims of Theorem 1 in the ledger: one file per claim or pair of claims, named by what it claims.

    lemma_3_1, lemma_3_2    the lemmas; a step to the second that is false
    printed                 Theorem 1 with Delta_mu (thm-1) and without (thm-1-printed)
    misprint, aligned_share the lecture's misprint and one of the paper, which are false
    ideal, shared_views     the ideal case; that classes may share views
    identity_augmentation   that alignment and uniformity do not suffice under the identity
    linear_head             the nearest class mean as a linear head
    corrected, sharp, chord, cap, exact, anchored   the forms derived from it, as in `theory.theorem1.forms`
    vertex                  features that are vertices; vertex_exact on given images, vertex_population at a level
    point_population        features of a few values, at a level, by bets
    per_class, local        what every form allows: classes apart, and a spread measured in feature space
    nesting                 which form certifies whatever another one does

Shared: `steps`, `thresholds` (corrected and sharp), `caps` (cap and exact). `choice` has a finite world with the free choices
of the theorem, `predicates` the statements as programs on it, `worlds` the families that they are tried on; `attained` builds
worlds that attain the exact form.
"""
