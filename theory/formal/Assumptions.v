(* What every theorem rests on: Coq prints "Closed under the global context" where that is nothing. *)
From ContrastiveTheory Require Import Arcl2 ClassMeans Geometry Lemma31 Lemma32 MainParts Scalars Setting Theorem1 Theorem1Cap Theorem1Derived Theorem1Ideal Theorem1PerClass Theorem1Printed Theorem2 Vectors.
Print Assumptions arcl_2_corrected.
Print Assumptions lemma_3_1.
Print Assumptions lemma_3_2_local.
Print Assumptions lemma_3_2.
Print Assumptions theorem_1.
Print Assumptions theorem_1_cap.
Print Assumptions theorem_1_exact.
Print Assumptions theorem_1_corrected.
Print Assumptions theorem_1_sharp.
Print Assumptions theorem_1_chord.
Print Assumptions theorem_1_ideal.
Print Assumptions per_class.
Print Assumptions theorem_1_printed.
Print Assumptions theorem_2_uniform_views.
Print Assumptions theorem_2_uniform_views_sharp.
Print Assumptions cauchy_schwarz.
Print Assumptions triangle.
