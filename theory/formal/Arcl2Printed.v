(* Refuted: Theorem 2 of ArCL with L_AR, the mean SQUARED view diameter, in the place of the diameter. One sample with target 1
   and features 1 and 5/4 breaks it: both best heads fit exactly, the loss on the other domain is 1/5, the bound 9/80. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting RobustAlignment Arcl2 Lemma32PrintedStep.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Arcl2Printed.
Variable R : rcfType.

Definition pair_features (i : 'I_1) (a : 'I_2) : 'rV[R]_1 := const_mx (if a == ord0 then 1 else 5%:R / 4%:R).
Definition absolute_loss (z : 'rV[R]_1) (y : R) : R := `|z 0 0 - y|.
Definition no_intercept (h : head R 1 1) : Prop := h.2 = 0.
Definition scaling (w : R) : head R 1 1 := (const_mx w, 0).

Local Notation f := pair_features.
Local Notation risk := (risk f (fun _ => 1 : R) absolute_loss).

Lemma scaling_risk w a : risk (scaling w) a = `|(if a == ord0 then 1 else 5%:R / 4%:R) * w - 1|.
Proof.
rewrite /Arcl2.risk /average card_ord big_ord1 invr1 mul1r /absolute_loss /apply /=.
by rewrite addr0 mxE big_ord1 !mxE.
Qed.

Lemma scaling_norm w : 0 <= w -> norm_bound (scaling w) w.
Proof.
move=> w0; split=> // u; have -> : u *m const_mx w = w *: u.
  by apply/rowP => a; rewrite !mxE big_ord1 !mxE !ord1 mulrC.
by rewrite normZ ger0_norm.
Qed.

Lemma absolute_lipschitz : lipschitz_loss absolute_loss 1.
Proof.
move=> z z' t; rewrite mul1r /absolute_loss; apply: le_trans (ler_dist_dist _ _) _.
by rewrite opprB addrA subrK /norm /dot big_ord1 -expr2 sqrtr_sqr !mxE.
Qed.

Lemma fits_best w a : (if a == ord0 then 1 else 5%:R / 4%:R) * w = 1 ->
  best f (fun _ => 1 : R) absolute_loss no_intercept (scaling w) a.
Proof.
move=> fits; split=> // h' _; rewrite scaling_risk fits subrr normr0.
by apply: average_ge0 => i; apply: normr_ge0.
Qed.

Lemma pair_alignment : robust_alignment f = 16%:R^-1.
Proof.
rewrite /robust_alignment /average card_ord big_ord1 invr1 mul1r.
suff -> : view_diameter f ord0 = 4%:R^-1 by field.
have far : `|1 - 5%:R / 4%:R : R| = 4%:R^-1.
  by rewrite (_ : 1 - 5%:R / 4%:R = - 4%:R^-1) ?normrN ?ger0_norm ?invr_ge0 ?ler0n //; field.
apply/eqP; rewrite eq_le; apply/andP; split.
  apply: view_diameter_le => [|a b]; first by rewrite invr_ge0 ler0n.
  rewrite subr_line norm_line; case: (a == ord0); case: (b == ord0).
  - by rewrite subrr normr0 invr_ge0 ler0n.
  - by rewrite far.
  - by rewrite distrC far.
  by rewrite subrr normr0 invr_ge0 ler0n.
by have := view_diameter_ge f ord0 ord0 ord_max; rewrite subr_line norm_line /= far.
Qed.

Theorem arcl_2_printed_fails :
  exists (n m d : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (y : 'I_n -> R) (loss : 'rV[R]_1 -> R -> R) (heads : head R d 1 -> Prop)
    (hA hB : head R d 1) (a b : 'I_m) (NA NB : R),
  [/\ lipschitz_loss loss 1, best f y loss heads hA a /\ best f y loss heads hB b,
      norm_bound hA NA, norm_bound hB NB
    & 1 * (NA + NB) * robust_alignment f < Arcl2.risk f y loss hB a - Arcl2.risk f y loss hA a].
Proof.
exists 1%N, 2%N, 1%N, f, (fun _ => 1), absolute_loss, no_intercept, (scaling 1), (scaling (4%:R / 5%:R)), ord0, ord_max, 1.
exists (4%:R / 5%:R); split.
- exact: absolute_lipschitz.
- by split; apply: fits_best; rewrite /= ?mulr1 //; field.
- by apply: scaling_norm; rewrite ler01.
- by apply: scaling_norm; rewrite divr_ge0 ?ler0n.
rewrite !scaling_risk pair_alignment /= !mul1r subrr normr0 subr0.
have -> : 4%:R / 5%:R - 1 = - 5%:R^-1 :> R by field.
rewrite normrN ger0_norm ?invr_ge0 ?ler0n //.
rewrite -subr_gt0 (_ : _ - _ = 7%:R / 80%:R); last by field.
by rewrite divr_gt0 ?ltr0n.
Qed.

End Arcl2Printed.
