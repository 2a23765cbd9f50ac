(* The hypotheses of Theorem 1 can be met: two samples on the points +1 and -1 of the line, each a class of its own. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma32Step Theorem1 Theorem1AlignedShare.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1Met.
Variable R : rcfType.

Definition two_points (i : 'I_2) (j : 'I_1) : 'rV[R]_1 := const_mx (if i == ord0 then 1 else - 1).
Local Notation f := (features two_points id).

Lemma two_points_mean (l : 'I_2) : class_mean f id l = const_mx (if l == ord0 then 1 else - 1).
Proof.
rewrite /class_mean torn_class cards1 big_set1 big_ord1 /features /two_points.
by apply/rowP => a; rewrite !mxE; case: (l == ord0) => /=; field.
Qed.

Lemma two_points_misaligned : misaligned_share f 0 = 0.
Proof.
rewrite /misaligned_share (_ : ~: _ = set0) ?/share ?cards0 ?mul0r //.
by apply/setP => i; rewrite !inE; apply/negbTE/negPn/forallP => j; apply/forallP => j'; rewrite subrr norm0.
Qed.

(* what theorem_1 asks for, with sigma = 1, delta = eps = 0, L = 1 and the bound 0 *)
(* Claim thm-1: a world that meets every hypothesis of theorem_1 with the bound 0, so that it is not vacuous *)
Theorem theorem_1_is_not_vacuous :
  exists (n m d K : nat) (input : Type) (dist : input -> input -> R) (view : 'I_n -> 'I_m -> input) (encoder : input -> 'rV[R]_d)
    (label : 'I_n -> 'I_K) (sigma delta L eps : R) (C : 'I_K -> {set 'I_n}), let f := features view encoder in
  [/\ (1 < K)%N /\ (forall l, class label l != set0), unit_features f, 0 <= sigma /\ 0 <= L, lipschitz dist encoder L
    & [/\ forall l, augmentation_main_part dist view label sigma delta l (C l),
          forall l k, k != l -> dot (class_mean f label l) (class_mean f label k)
            < threshold (rho_max view encoder label sigma delta L eps) - mean_shortfall f label / 2%:R
        & (1 - sigma) + misaligned_share f eps = 0]].
Proof.
exists 2%N, 1%N, 1%N, 2%N, 'rV[R]_1, (fun u v => norm (u - v)), two_points, id, id, 1, 0, 1, 0, (class id) => /=.
split.
- by split=> // l; rewrite torn_class -card_gt0 cards1.
- by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1.
- by rewrite !ler01.
- by move=> x y; rewrite mul1r.
split; last by rewrite two_points_misaligned subrr addr0.
  move=> l; split; rewrite ?mul1r // => i i'; rewrite !inE => /eqP-> /eqP->.
  by exists ord0, ord0; rewrite subrr norm0.
move=> l k kl; rewrite !two_points_mean dot_line.
have -> : rho_max two_points id id 1 0 1 0 = 0 by rewrite /rho_max two_points_misaligned /rho_printed; ring.
rewrite /threshold mulr0 sqrtr0 !subr0.
have -> : (if l == ord0 then 1 else - 1) * (if k == ord0 then 1 else - 1) = - 1 :> R.
  by case: l k kl => [[|[|]]] // ? [[|[|]]] // ? _ /=; ring.
apply: lt_le_trans (_ : 2%:R^-1 <= _).
  by apply: lt_trans (_ : 0 < _); rewrite ?oppr_lt0 ?invr_gt0 ?ltr0n ?ltr01.
apply: (@certified _ ((1 - mean_shortfall f id) / 2%:R)); last by field.
by rewrite divr_ge0 ?ler0n // subr_ge0 mean_shortfall_le1.
Qed.

End Theorem1Met.
