(* Theorem 1 of Huang et al. (ICLR 2023) in three derived forms. Corrected: the expectation over the class is split
   into the aligned main part and the rest. Sharp: the spread enters as s^2 / 2. Chord: the condition is on |mu_l -
   mu_k|. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31 MainParts.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.

Variables (sigma eps t : R) (C : 'I_K -> {set 'I_n}).
Hypothesis mains : forall l, main_part f label sigma t l (C l).

Local Notation mean := (class_mean f label).
Local Notation alpha l := (alpha f label sigma eps l).
Local Notation s := (t + 2%:R * eps).
Local Notation conclusion := (nearest_mean_error f label original <= (1 - sigma) + misaligned_share f eps).

(* Theorem 1, with the expectation split correctly *)
(* Claim thm-1-corrected: alpha is never below 0 *)
Theorem theorem_1_corrected :
  (forall l k, k != l -> dot (mean l) (mean k) < threshold (rho_corrected (alpha l) s)) ->
  conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
have own := dot_mean_corrected original n_gt0 unit_f (mains l) iC iS.
exact: (right_below_threshold unit_f (mains l) iC iS own (condition l)).
Qed.

(* Theorem 1, with a spread quadratic in s *)
(* Claim thm-1-sharp: alpha is never below 0 *)
Theorem theorem_1_sharp :
  (forall l k, k != l -> dot (mean l) (mean k) < threshold (rho_sharp (alpha l) s)) ->
  conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
have own := dot_mean_sharp original n_gt0 unit_f (mains l) iC iS.
exact: (right_below_threshold unit_f (mains l) iC iS own (condition l)).
Qed.

(* Theorem 1, by the distance of the means *)
(* Claim thm-1-chord: alpha is never below 0 *)
Theorem theorem_1_chord :
  (forall l k, k != l -> 2%:R * chord (alpha l) s < norm (mean l - mean k)) ->
  conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
have own := dist_mean_chord original n_gt0 unit_f (mains l) iC iS.
exact: (right_beyond_chord (mains l) iC iS own (condition l)).
Qed.

End Theorem1.
