(* Theorem 1 in its forms cap and exact, as conditions on all unit vectors u. The ledger computes the same sets of u by
   angles: the cap is what the forms sharp and chord together say of u; exact is every u compatible with mu_l. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31 MainParts.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sets.
Variables (R : rcfType) (d : nat).
Implicit Types (p u v e : 'rV[R]_d) (alpha s : R).

(* the unit vectors u that the bounds of the forms sharp and chord leave for a mean p: a cap about p *)
Definition in_cap alpha s p u : Prop :=
  [/\ norm u = 1, 1 - rho_sharp alpha s <= dot u p & 1 + norm p ^+ 2 - chord alpha s ^+ 2 <= 2%:R * dot u p].

(* the unit vectors u for which p can be alpha v + e, with v a mean of unit vectors within s of u, and |e| <= 1 - alpha *)
Definition compatible alpha s p u : Prop := norm u = 1 /\
  exists v e, [/\ p = alpha *: v + e, norm v <= 1, 1 - s ^+ 2 / 2%:R <= dot u v & norm e <= 1 - alpha].

End Sets.

Section Caps.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.
Local Notation mean := (class_mean f label).

Section Member.
Variables (sigma eps t : R) (l : 'I_K) (C : {set 'I_n}) (i : 'I_n).
Hypothesis main : main_part f label sigma t l C.
Hypotheses (iC : i \in C) (iS : i \in aligned f eps).
Local Notation alpha := (alpha f label sigma eps l).
Local Notation s := (t + 2%:R * eps).
Let u := f i (original i).

Lemma member_in_cap : in_cap alpha s (mean l) u.
Proof.
split; first exact: unit_f; first exact: (dot_mean_sharp original n_gt0 unit_f main iC iS).
have := sqr_le (norm_ge0 _) (dist_mean_chord original n_gt0 unit_f main iC iS).
rewrite sqr_normB unit_f expr1n => le; apply: (certified (e := chord alpha s ^+ 2
  - (1 - 2%:R * dot u (mean l) + norm (mean l) ^+ 2))); last ring.
by rewrite subr_ge0.
Qed.

Lemma member_compatible : compatible alpha s (mean l) u.
Proof.
split; first exact: unit_f.
set G := C :&: aligned f eps.
have iG : i \in G := good iC iS.
have sub : G \subset class label l := G_sub eps main.
have c0 : (0 < #|class label l|)%N := c_gt0 main iC iS.
have m0 : (0 < m)%N := m_gt0 original i.
pose beta : R := #|G|%:R / #|class label l|%:R.
have beta_gt0 : 0 < beta by rewrite divr_gt0 ?ltr0n //; apply/card_gt0P; exists i.
have ab : alpha <= beta := alpha_le n_gt0 eps main c0.
pose v := beta^-1 *: near_part f label l G.
have nv : norm v <= 1.
  rewrite normZ gtr0_norm ?invr_gt0 // ler_pdivr_mull // mulr1; exact: norm_near_part.
exists v, (far_part f label l G + (beta - alpha) *: v); split=> //.
- rewrite (mean_parts f sub) addrCA -scalerDl (_ : alpha + (beta - alpha) = beta); last by ring.
  by rewrite /v scalerA divff ?scale1r ?gt_eqF // addrC.
- rewrite dotZr ler_pdivl_mull //; apply: dot_near_part => // i' j i'G.
  apply: unit_dot_square; [exact: unit_f | exact: unit_f | exact: (spread main (original i) j iG i'G)].
apply: le_trans (triangle _ _) _; rewrite [norm (_ *: v)]normZ ger0_norm ?subr_ge0 //.
apply: le_trans (_ : (1 - beta) + (beta - alpha) * 1 <= _); last by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
by apply: ler_add; [exact: (norm_far_part unit_f m0 sub c0) | rewrite ler_wpmul2l ?subr_ge0].
Qed.

Lemma right_nearer : (forall k, k != l -> norm (u - mean l) < norm (u - mean k)) ->
  i \notin misclassified f label original.
Proof.
move=> nearer; rewrite inE negb_exists; apply/forallP => k; apply/negP.
by rewrite /taken_for (label_l main iC iS) => /andP[kl]; rewrite leNgt nearer.
Qed.
End Member.

Variables (sigma eps t : R) (C : 'I_K -> {set 'I_n}).
Hypothesis mains : forall l, main_part f label sigma t l (C l).
Local Notation alpha l := (alpha f label sigma eps l).
Local Notation s := (t + 2%:R * eps).
Local Notation conclusion := (nearest_mean_error f label original <= (1 - sigma) + misaligned_share f eps).

(* Claim thm-1-cap: a condition on all unit vectors u; theorem_1_cap_computed has the ledger's angle for it *)
Theorem theorem_1_cap :
  (forall l k u, k != l -> in_cap (alpha l) s (mean l) u -> norm (u - mean l) < norm (u - mean k)) -> conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
apply: (right_nearer (mains l) iC iS) => k kl; exact: (condition l k _ kl (member_in_cap (mains l) iC iS)).
Qed.

(* Claims thm-1-exact, thm-1-local: spreads in feature space; a condition on all unit vectors u, for which theorem_1_exact_computed
   has the ledger's angle; that it is the weakest condition is not formal *)
Theorem theorem_1_exact :
  (forall l k u, k != l -> compatible (alpha l) s (mean l) u -> norm (u - mean l) < norm (u - mean k)) -> conclusion.
Proof.
move=> condition; apply: lemma_3_1 n_gt0 _ _ _ _ mains _ => l i iC iS.
apply: (right_nearer (mains l) iC iS) => k kl; exact: (condition l k _ kl (member_compatible (mains l) iC iS)).
Qed.

End Caps.
