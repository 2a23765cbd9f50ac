(* Refuted: the corrected form of Theorem 1 with alpha_l = sigma - R_eps / p_l where that is negative. Three classes
   with the same features, one sample with both views at 1 and one with views 1 and -1, have R_eps = 1/2 and p_l =
   1/3, so alpha_l = -1/2. At s = 6 then rho' = 0 and the threshold is 1: the condition mu_l.mu_k = 1/4 < 1 holds,
   yet every sample is misclassified, for the means agree. This is why `alpha` in Setting.v is never below 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma32Step.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1Unfloored.
Variable R : rcfType.

Definition twin_features (i : 'I_6) (j : 'I_2) : 'rV[R]_1 := const_mx (if (i < 3)%N || (j == ord0) then 1 else -1).
Definition twin_label (i : 'I_6) : 'I_3 := inord (i %% 3).
Definition twin_original (i : 'I_6) : 'I_2 := ord0.

Local Notation f := twin_features.
Local Notation label := twin_label.

Definition first_twin (l : 'I_3) : 'I_6 := widen_ord (isT : (3 <= 6)%N) l.
Definition second_twin (l : 'I_3) : 'I_6 := rshift 3 l.

Lemma twin_class l : class label l = [set first_twin l; second_twin l].
Proof.
apply/setP => i; rewrite !inE -!val_eqE /= /twin_label inordK ?ltn_mod //.
by case: l => [[|[|[|]]]] // ?; case: i => [[|[|[|[|[|[|]]]]]]].
Qed.

Lemma twins_differ l : first_twin l != second_twin l.
Proof. by rewrite -val_eqE /=; case: l => [[|[|[|]]]]. Qed.

Lemma twin_card l : #|class label l| = 2%N.
Proof. by rewrite twin_class cards2 twins_differ. Qed.

Lemma twin_mean l : class_mean f label l = const_mx (2%:R^-1).
Proof.
rewrite /class_mean twin_card twin_class big_setU1 ?inE ?twins_differ //= big_set1 !big_ord_recl !big_ord0.
have -> : f (first_twin l) ord0 = const_mx 1 by rewrite /twin_features /= ltn_ord.
have -> : f (first_twin l) (lift ord0 ord0) = const_mx 1 by rewrite /twin_features /= ltn_ord.
have -> : f (second_twin l) ord0 = const_mx 1 by rewrite /twin_features orbT.
have -> : f (second_twin l) (lift ord0 ord0) = const_mx (-1) by rewrite /twin_features; case: l => [[|[|[|]]]].
by apply/rowP => a; rewrite !mxE natrM; field.
Qed.

Lemma twin_misaligned : misaligned_share f 0 = 2%:R^-1.
Proof.
rewrite /misaligned_share /share (_ : ~: _ = [set i : 'I_6 | ~~ (i < 3)%N]); last first.
  apply/setP => i; rewrite !inE; congr (~~ _); apply/forallP/idP => [all|i3 j].
    rewrite ltnNge; apply/negP => i3; have := forallP (all ord0) ord_max; rewrite subr_line norm_line.
    by rewrite orbT ltnNge i3 /= opprK normr_le0 -[1 + 1]/(2%:R) pnatr_eq0.
  by apply/forallP => j'; rewrite subr_line norm_line i3 subrr normr0.
rewrite (_ : #|_| = 3%N); first by field.
by rewrite -sum1_card !big_mkcond !big_ord_recl big_ord0 !inE.
Qed.

Lemma twin_share l : class_share R label l = 3%:R^-1.
Proof. by rewrite /class_share /share twin_card; field. Qed.

Theorem theorem_1_unfloored_fails :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) (original : 'I_n -> 'I_m) (sigma eps t : R) C,
  [/\ unit_features f, forall l, main_part f label sigma t l (C l),
      forall l k, k != l -> dot (class_mean f label l) (class_mean f label k)
        < threshold (rho_corrected (sigma - misaligned_share f eps / class_share R label l) (t + 2%:R * eps))
    & (1 - sigma) + misaligned_share f eps < nearest_mean_error f label original].
Proof.
exists 6%N, 2%N, 1%N, 3%N, f, label, twin_original, 1, 0, 6%:R, (class label); split.
- by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1.
- move=> l; split=> // [|i i' _ _]; first by rewrite mul1r.
  by exists ord0, ord0; rewrite subr_line norm_line !orbT subrr normr0 ler0n.
- move=> l k _; rewrite !twin_mean dot_line twin_misaligned twin_share.
  have -> : rho_corrected (1 - 2%:R^-1 / 3%:R^-1) (6%:R + 2%:R * 0) = 0 :> R by rewrite /rho_corrected; field.
  rewrite /threshold mulr0 sqrtr0 !subr0 -subr_gt0 (_ : _ - _ = 3%:R / 4%:R); last by field.
  by rewrite divr_gt0 ?ltr0n.
rewrite twin_misaligned subrr add0r; apply: lt_le_trans (_ : 1 <= _); first by rewrite invf_lt1 ?ltr0n ?ltr1n.
rewrite /nearest_mean_error /share (_ : misclassified _ _ _ = setT); last first.
  apply/setP => i; rewrite !inE; apply/existsP; exists (if label i == ord0 then ord_max else ord0).
  by rewrite /taken_for !twin_mean lexx andbT; case: ifP => [/eqP->|] //; rewrite eq_sym => ->.
by rewrite cardsT card_ord divff ?pnatr_eq0.
Qed.

End Theorem1Unfloored.
