(* Refuted: Theorem 1 with min_l rho_l in the place of min_l p_l, as the lecture's transcription has rho_max. Two classes of 15
   samples with 16 views on the points +1 and -1 of the line break it. Class 0: all views of one sample lie at 1; the
   others keep view 0, the sample itself, at 1 and have the rest at -1. Class 1: all views lie at 1. So sigma = 1 at
   delta = eps = 0, R_eps = 7/15, mu_0 = -3/4 and mu_1 = 1; the condition holds with rho_max = 1/2, yet all of class
   0 is misclassified: Err >= 1/2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma32Step.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1Misprint.
Variable R : rcfType.

Section Condition.
Variables (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K).

(* rho_max with min_l rho_l where the paper has min_l p_l *)
Definition misprinted_rho_max (sigma eps t : R) : R :=
  rho_printed sigma
    (misaligned_share f eps
      / \big[Num.min/1]_l rho_printed sigma (misaligned_share f eps / class_share R label l) (t + 2%:R * eps))
    (t + 2%:R * eps).

End Condition.

Definition torn (i : 'I_30) : bool := (i < 15)%N && (i != ord0).
Definition misprint_features (i : 'I_30) (j : 'I_16) : 'rV[R]_1 := const_mx (if torn i && (j != ord0) then -1 else 1).
Definition misprint_label (i : 'I_30) : 'I_2 := if (i < 15)%N then ord0 else ord_max.
Definition misprint_original (i : 'I_30) : 'I_16 := ord0.

Local Notation f := misprint_features.
Local Notation label := misprint_label.
Local Notation original := misprint_original.

Lemma class0E (i : 'I_30) : (i \in class label ord0) = (i < 15)%N.
Proof. by rewrite inE /misprint_label; case: ifP. Qed.

Lemma class1E : class label ord_max = ~: class label ord0.
Proof. by apply/setP => i; rewrite !inE /misprint_label; case: ifP. Qed.

Lemma card_class0 : #|class label ord0| = 15%N.
Proof.
rewrite -sum1_card (eq_bigl (fun i : 'I_30 => (i < 15)%N)) => [|i]; last exact: class0E.
by rewrite (big_ord_narrow (isT : (15 <= 30)%N)) sum_nat_const card_ord.
Qed.

Lemma card_class1 : #|class label ord_max| = 15%N.
Proof.
have := cardsC (class label ord0); rewrite -class1E card_class0 card_ord => e.
by apply/eqP; rewrite -(eqn_add2l 15) e.
Qed.

Lemma misprint_unit : unit_features f.
Proof. by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1. Qed.

(* the sums over the views of a sample and over the samples of a class, as numbers *)
Let value (i : 'I_30) (j : 'I_16) : R := if torn i && (j != ord0) then -1 else 1.

Lemma sum_views i : \sum_j value i j = if torn i then - 14%:R else 16%:R.
Proof.
rewrite /value; case: (torn i) => /=; last by rewrite sumr_const card_ord.
rewrite big_ord_recl eqxx /= (eq_bigr (fun=> -1)) //.
by rewrite sumr_const card_ord -mulr_natr; ring.
Qed.

Lemma mean_line l : class_mean f label l = const_mx ((#|class label l| * 16)%:R^-1 * \sum_(i in class label l) \sum_j value i j).
Proof.
apply/rowP => a; rewrite !mxE summxE; congr (_ * _); apply: eq_bigr => i _.
by rewrite summxE; apply: eq_bigr => j _; rewrite mxE.
Qed.

Lemma mean0 : class_mean f label ord0 = const_mx (- (3%:R / 4%:R)).
Proof.
rewrite mean_line card_class0; congr const_mx; under eq_bigr do rewrite sum_views.
rewrite (eq_bigl (fun i : 'I_30 => (i < 15)%N)) => [|i]; last exact: class0E.
rewrite (big_ord_narrow (isT : (15 <= 30)%N)) big_ord_recl /=.
rewrite (eq_bigr (fun=> - 14%:R)) => [|i _]; last first.
  by rewrite /torn -val_eqE /= /bump /= add1n ltnS ltn_ord.
by rewrite sumr_const card_ord -[_ *+ 14]mulr_natr natrM; field.
Qed.

Lemma mean1 : class_mean f label ord_max = const_mx 1.
Proof.
rewrite mean_line card_class1; congr const_mx; rewrite (eq_bigr (fun=> 16%:R)) => [|i].
  by rewrite sumr_const card_class1 -mulr_natr natrM; field.
by rewrite class1E inE class0E sum_views /torn => /negbTE ->.
Qed.

Lemma misaligned_torn : ~: aligned f 0 = [set i | torn i].
Proof.
apply/setP => i; rewrite !inE; case: (boolP (torn i)) => ti.
  apply/negP => /forallP/(_ ord0)/forallP/(_ ord_max).
  by rewrite subr_line norm_line ti /= opprK normr_le0 -[1 + 1]/(2%:R) pnatr_eq0.
apply/negbTE; rewrite negbK; apply/forallP => j; apply/forallP => j'.
by rewrite subr_line norm_line (negbTE ti) /= subrr normr0.
Qed.

Lemma card_torn : #|[set i | torn i]| = 14%N.
Proof.
have : (#|[set ord0 : 'I_30]| + #|[set i | torn i]| = #|class label ord0|)%N.
  rewrite -cardsUI (_ : _ :&: _ = set0) ?cards0 ?addn0; last first.
    by apply/setP => i; rewrite !inE /torn; case: eqP => //= _; rewrite andbF.
  by apply: eq_card => i; rewrite class0E !inE /torn; case: eqP => [->|] //=; rewrite andbT.
by rewrite cards1 card_class0 => /eqP; rewrite (eqn_add2l 1 _ 14) => /eqP.
Qed.

Lemma card_class l : #|class label l| = 15%N.
Proof.
case: (eqVneq l ord0) => [->|ne]; first exact: card_class0.
by rewrite (_ : l = ord_max) ?card_class1 //; apply/val_inj; case: l ne => [[|[|]]].
Qed.

Lemma share_class l : class_share R label l = 2%:R^-1.
Proof. by rewrite /class_share /share card_class; field. Qed.

Lemma misaligned_seven : misaligned_share f 0 = 7%:R / 15%:R.
Proof. by rewrite /misaligned_share /share misaligned_torn card_torn; field. Qed.

Lemma misprint_threshold : threshold (misprinted_rho_max f label 1 0 0) = - 2%:R^-1.
Proof.
have each : rho_printed 1 (7%:R / 15%:R / 2%:R^-1) (0 + 2%:R * 0) = 14%:R / 15%:R :> R by rewrite /rho_printed; field.
rewrite /misprinted_rho_max; under eq_bigr do rewrite share_class misaligned_seven each.
rewrite misaligned_seven !big_ord_recl big_ord0 /=.
have -> : Num.min (14%:R / 15%:R : R) 1 = 14%:R / 15%:R by rewrite min_l // ler_pdivr_mulr ?ltr0n // mul1r ler_nat.
rewrite minxx /rho_printed /threshold.
have -> : 2%:R * (1 - 1) + 7%:R / 15%:R / (14%:R / 15%:R) + 1 * (0 + 2%:R * 0) = 2%:R^-1 :> R by field.
by rewrite divff ?pnatr_eq0 // sqrtr1; field.
Qed.

Lemma misprint_shortfall : mean_shortfall f label = 7%:R / 16%:R.
Proof.
rewrite /mean_shortfall !big_ord_recl big_ord0 /= (_ : lift ord0 ord0 = ord_max); last exact: val_inj.
rewrite mean0 mean1 !norm_line normrN normr1 expr1n minxx ger0_norm ?divr_ge0 ?ler0n //.
rewrite min_l; last by rewrite exprn_ile1 ?divr_ge0 ?ler0n // ler_pdivr_mulr ?ltr0n // mul1r ler_nat.
by field.
Qed.

Lemma misprint_main_part l : main_part f label 1 0 l (class label l).
Proof.
split=> //; first by rewrite mul1r.
by move=> i i' _ _; exists ord0, ord0; rewrite subr_line norm_line !andbF subrr normr0.
Qed.

Lemma misprint_error : 2%:R^-1 <= nearest_mean_error f label original.
Proof.
rewrite -(share_class ord0) /nearest_mean_error ler_wpmul2r ?invr_ge0 ?ler0n // ler_nat subset_leq_card //.
apply/subsetP => i; rewrite class0E => i0; rewrite inE; apply/existsP; exists ord_max.
rewrite /taken_for /misprint_label i0 /= mean0 mean1 !subr_line !norm_line andbF subrr normr0 normr_ge0.
by [].
Qed.

(* Claim thm-1-misprint: 2 classes of 15 samples with 16 views on +1 and -1: Err >= 1/2 > 7/15 *)
Theorem theorem_1_misprint_fails :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) (original : 'I_n -> 'I_m),
  [/\ unit_features f, forall l, class label l != set0, forall l, main_part f label 1 0 l (class label l),
      forall l k, k != l ->
        dot (class_mean f label l) (class_mean f label k)
          < threshold (misprinted_rho_max f label 1 0 0) - mean_shortfall f label / 2%:R
    & (1 - 1) + misaligned_share f 0 < nearest_mean_error f label original].
Proof.
exists 30%N, 16%N, 1%N, 2%N, f, label, original; split.
- exact: misprint_unit.
- by move=> l; rewrite -card_gt0 card_class.
- exact: misprint_main_part.
- move=> l k kl; rewrite misprint_threshold misprint_shortfall.
  have -> : dot (class_mean f label l) (class_mean f label k) = - (3%:R / 4%:R).
    have {kl} : (l == ord0) && (k == ord_max) || (l == ord_max) && (k == ord0).
      by case: l k kl => [[|[|]]] // ? [[|[|]]] // ?.
    by case/orP => /andP[/eqP-> /eqP->]; rewrite mean0 mean1 dot_line ?mulr1 ?mul1r.
  rewrite -subr_gt0 (_ : _ - _ = 32%:R^-1); last by field.
  by rewrite invr_gt0 ltr0n.
apply: lt_le_trans misprint_error; rewrite subrr add0r misaligned_seven -subr_gt0.
by rewrite (_ : _ - _ = 30%:R^-1) ?invr_gt0 ?ltr0n //; field.
Qed.

End Theorem1Misprint.
