(* Theorem 1 of Huang et al. (ICLR 2023) with rho_l of each class, measured in feature space, and without Delta_mu. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31 MainParts Lemma32.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section PrintedWorld.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.

Variables (sigma eps t : R) (C : 'I_K -> {set 'I_n}).
Hypothesis mains : forall l, main_part f label sigma t l (C l).
Hypothesis sigma_ge0 : 0 <= sigma.

Local Notation mean := (class_mean f label).
Local Notation s := (t + 2%:R * eps).
Local Notation ratio l := (misaligned_share f eps / class_share R label l).
Local Notation conclusion := (nearest_mean_error f label original <= (1 - sigma) + misaligned_share f eps).

(* Theorem 1 as printed, per class and without Delta_mu *)
(* Claims thm-1-printed, thm-1-local: spreads in feature space, no Lipschitz constant *)
Theorem theorem_1_printed :
  (forall l k, k != l -> dot (mean l) (mean k) < threshold (rho_printed sigma (ratio l) s)) ->
  conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
exact: (lemma_3_2_local original n_gt0 unit_f (mains l) sigma_ge0 iC iS (condition l)).
Qed.

End PrintedWorld.
