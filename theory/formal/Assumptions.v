(* What every theorem rests on: Coq prints "Closed under the global context" where that is nothing. *)
From ContrastiveTheory Require Import Arcl2 Arcl2Printed Averages ClassMeans CrossCorrelation Duality Exponential Geometry InfoNce Lemma31
  Lemma32 Lemma32PrintedStep Losses MainParts Matrices Monotony Population RobustAlignment Scalars
  Setting Theorem1 Theorem1Anchor Theorem1Cap Theorem1Derived Theorem1Ideal Theorem1Misprint
  Theorem1Nesting Theorem1PerClass Theorem1Printed Theorem1Unfloored Theorem2 Theorem3 Theorem3Sharp
  Theorem4 Theorem4TauZero Vectors ViewPairs.

(* Arcl2.v *)
Print Assumptions arcl_2_corrected.
Print Assumptions arcl_2_gap.
Print Assumptions arcl_2_printed_from_one.

(* Arcl2Printed.v *)
Print Assumptions arcl_2_printed_fails.
Print Assumptions arcl_2_printed_fails_below_one.

(* CrossCorrelation.v *)
Print Assumptions cross_correlation_split.
Print Assumptions lemma_4_1.

(* Duality.v *)
Print Assumptions duality.

(* InfoNce.v *)
Print Assumptions info_nce_split.
Print Assumptions regulariser_ge_log2.

(* Lemma31.v *)
Print Assumptions lemma_3_1.

(* Lemma32.v *)
Print Assumptions lemma_3_2_local.
Print Assumptions lemma_3_2.

(* Lemma32PrintedStep.v *)
Print Assumptions lemma_3_2_printed_step_fails.

(* Monotony.v *)
Print Assumptions richer_views_nearer.
Print Assumptions richer_views_concentrate.

(* Population.v *)
Print Assumptions union_bound.
Print Assumptions population_products.

(* RobustAlignment.v *)
Print Assumptions alignment_le_robust.
Print Assumptions robust_within_factors.
Print Assumptions robust_more_views.

(* Theorem1.v *)
Print Assumptions theorem_1.

(* Theorem1Anchor.v *)
Print Assumptions theorem_1_anchor.
Print Assumptions theorem_1_anchor_bounds.
Print Assumptions mean_near_anchor.

(* Theorem1Cap.v *)
Print Assumptions theorem_1_cap.
Print Assumptions theorem_1_exact.

(* Theorem1Derived.v *)
Print Assumptions theorem_1_corrected.
Print Assumptions theorem_1_sharp.
Print Assumptions theorem_1_chord.

(* Theorem1Ideal.v *)
Print Assumptions theorem_1_ideal.

(* Theorem1Misprint.v *)
Print Assumptions theorem_1_misprint_fails.

(* Theorem1Nesting.v *)
Print Assumptions corrected_sharp.
Print Assumptions corrected_chord.
Print Assumptions sharp_cap.
Print Assumptions chord_cap.
Print Assumptions cap_exact.
Print Assumptions corrected_printed.
Print Assumptions printed_exact.

(* Theorem1PerClass.v *)
Print Assumptions theorem_1_per_class.

(* Theorem1Printed.v *)
Print Assumptions theorem_1_printed.

(* Theorem1Unfloored.v *)
Print Assumptions theorem_1_unfloored_fails.

(* Theorem2.v *)
Print Assumptions theorem_2_uniform_views.
Print Assumptions theorem_2_uniform_views_sharp.
Print Assumptions theorem_2_uniform_views_distance.

(* Theorem3.v *)
Print Assumptions theorem_3_vacuous.
Print Assumptions theorem_3.
Print Assumptions theorem_3_above_every_threshold.

(* Theorem3Sharp.v *)
Print Assumptions theorem_3_jensen.
Print Assumptions theorem_3_sharp.

(* Theorem4.v *)
Print Assumptions theorem_4.

(* Theorem4TauZero.v *)
Print Assumptions theorem_4_tau_0_fails.

(* Vectors.v *)
Print Assumptions cauchy_schwarz.
Print Assumptions triangle.
