(* The ideal case of Theorem 1: every class has one feature, and the class means differ. Then nothing is
   misclassified. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting ClassMeans Theorem1Printed.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Ideal.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.
Local Notation mean := (class_mean f label).

(* every class has one feature, the means differ: no error *)
(* Claim thm-1-ideal: one feature in each class *)
Theorem theorem_1_ideal :
  (forall i i' j j', label i = label i' -> f i j = f i' j') -> (forall l k, k != l -> mean l != mean k) ->
  nearest_mean_error f label original = 0.
Proof.
move=> one distinct.
have j0 : 'I_m := original (Ordinal n_gt0); have m_gt0 : (0 < m)%N := leq_ltn_trans (leq0n _) (ltn_ord j0).
have all_aligned : misaligned_share f 0 = 0.
  rewrite /misaligned_share /share (_ : ~: _ = set0) ?cards0 ?mul0r //.
  apply/setP => i; rewrite !inE; apply/negbTE/negPn/forallP => j; apply/forallP => j'.
  by rewrite (one i i j j') // subrr norm0.
apply/eqP; rewrite eq_le [X in _ && X]divr_ge0 ?ler0n // andbT.
have <- : 1 - 1 + misaligned_share f 0 = 0 by rewrite all_aligned subrr addr0.
apply: (@theorem_1_printed _ n m d K f label original n_gt0 unit_f 1 0 0 (fun l => class label l)).
- move=> l; split; rewrite ?mul1r // => i i'; rewrite !inE => /eqP li /eqP li'.
  by exists j0, j0; rewrite (one i i' j0 j0) ?li ?li' // subrr norm0.
- exact: ler01.
move=> l k kl; rewrite all_aligned /rho_printed mul0r addr0 mulr0 addr0 mulr0 addr0 subrr mulr0.
rewrite /threshold mulr0 sqrtr0 !subr0.
have apart : 0 < norm (mean l - mean k) ^+ 2.
  rewrite sqr_norm lt_def dot_ge0 andbT; apply/eqP => /dot_eq0 /eqP; rewrite subr_eq0.
  by apply/negP/distinct.
have le1 l' : norm (mean l') ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0 ?norm_class_mean.
move: apart; rewrite sqr_normB => apart; rewrite -(ltr_pmul2l (_ : 0 < 2%:R :> R)) ?ltr0n // mulr1.
have : 2%:R * dot (mean l) (mean k) < norm (mean l) ^+ 2 + norm (mean k) ^+ 2.
  by rewrite -subr_gt0 addrAC.
by move=> h; apply: lt_le_trans h _; rewrite -[X in _ <= X]/(1 + 1) ler_add.
Qed.

(* sigma = 1, delta = eps = R_eps = 0 say that every class has one feature *)
(* Claim thm-1-ideal: sigma = 1 and delta = eps = R_eps = 0, in feature space *)
Theorem theorem_1_ideal_in_words (C : 'I_K -> {set 'I_n}) :
  (forall l, main_part f label 1 0 l (C l)) -> misaligned_share f 0 = 0 -> (forall l k, k != l -> mean l != mean k) ->
  nearest_mean_error f label original = 0.
Proof.
move=> mains /eqP; rewrite mulf_eq0 invr_eq0 !pnatr_eq0 cards_eq0 (gtn_eqF n_gt0) orbF => /eqP torn.
have same_view i j j' : f i j = f i j'.
  have : i \in aligned f 0 by rewrite -[aligned _ _]setCK torn setC0 inE.
  rewrite inE => /forallP/(_ j)/forallP/(_ j') le.
  by apply/eqP; rewrite -subr_eq0; apply/eqP/dot_eq0; rewrite -sqr_norm; apply/eqP; rewrite sqrf_eq0 eq_le le norm_ge0.
apply: theorem_1_ideal => i i' j j' same; have [sub size near] := mains (label i).
have whole i0 : label i0 = label i -> i0 \in C (label i).
  move=> e; have -> : C (label i) = class label (label i); last by rewrite inE e.
  by apply/eqP; rewrite eqEcard sub -(ler_nat R) -[X in X <= _]mul1r size.
have [a [b le]] := near i i' (whole i erefl) (whole i' (esym same)).
rewrite (same_view i j a) (same_view i' j' b).
by apply/eqP; rewrite -subr_eq0; apply/eqP/dot_eq0; rewrite -sqr_norm; apply/eqP; rewrite sqrf_eq0 eq_le le norm_ge0.
Qed.

End Ideal.
