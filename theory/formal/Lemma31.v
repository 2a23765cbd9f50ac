(* Lemma 3.1 of Huang et al. (ICLR 2023): an encoder whose nearest-mean classifier is right on the samples of the
   main parts that lie in S_eps errs by at most (1 - sigma) + R_eps. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Counting.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.

Local Notation class := (class label).
Local Notation class_share := (@class_share R _ _ label).
Local Notation aligned := (aligned f).
Local Notation misaligned_share := (misaligned_share f).
Local Notation error := (nearest_mean_error f label original).
Local Notation wrong := (misclassified f label original).
Local Notation main_part := (main_part f label).

Let n_pos : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma card_setU_le (A B : {set 'I_n}) : #|A :|: B|%:R <= #|A|%:R + #|B|%:R :> R.
Proof. by rewrite -natrD ler_nat cardsU leq_subr. Qed.

Lemma outside_main_parts sigma t (C : 'I_K -> {set 'I_n}) :
  (forall l, main_part sigma t l (C l)) ->
  #|[set i | i \notin C (label i)]|%:R <= (1 - sigma) * n%:R.
Proof.
move=> mains.
have split : #|[set i | i \notin C (label i)]|%:R = \sum_l #|class l :\: C l|%:R :> R.
  rewrite -natr_sum -sum1_card (partition_big label xpredT) //=; congr (_%:R).
  apply: eq_bigr => l _; rewrite -sum1_card; apply: eq_bigl => i; rewrite !inE.
  by case: eqP => [->|]; rewrite ?andbT ?andbF.
have total : \sum_l #|class l|%:R = n%:R :> R.
  rewrite -natr_sum -[in RHS](card_ord n) -sum1_card (partition_big label xpredT) //=; congr (_%:R).
  by apply: eq_bigr => l _; rewrite -sum1_card; apply: eq_bigl => i; rewrite inE.
rewrite split -total mulr_sumr; apply: ler_sum => l _.
have [sub size _] := mains l.
rewrite cardsD (setIidPr sub) natrB ?subset_leq_card //.
by rewrite mulrBl mul1r ler_add2l ler_opp2.
Qed.

(* Lemma 3.1: correct on the main parts within S_eps *)
(* Claim lemma-3.1 *)
Theorem lemma_3_1 sigma eps t (C : 'I_K -> {set 'I_n}) :
  (forall l, main_part sigma t l (C l)) ->
  (forall l i, i \in C l -> i \in aligned eps -> i \notin wrong) ->
  error <= (1 - sigma) + misaligned_share eps.
Proof.
move=> mains right.
rewrite /nearest_mean_error /misaligned_share /share ler_pdivr_mulr // mulrDl divfK ?gt_eqF //.
apply: le_trans (_ : #|[set i | i \notin C (label i)] :|: ~: aligned eps|%:R <= _).
  rewrite ler_nat subset_leq_card //; apply/subsetP => i wi; rewrite !inE.
  have := right (label i) i; rewrite /Setting.aligned !inE in wi *.
  case: (i \in C (label i)) => //= /(_ isT) h; apply/negP => /h; by rewrite wi.
apply: le_trans (card_setU_le _ _) _; rewrite ler_add2r; exact: outside_main_parts mains.
Qed.

Lemma alpha_le sigma eps t l C : main_part sigma t l C -> (0 < #|class l|)%N ->
  alpha f label sigma eps l <= #|C :&: aligned eps|%:R / #|class l|%:R.
Proof.
move=> [sub size _] c_gt0; have c_pos : 0 < #|class l|%:R :> R by rewrite ltr0n.
rewrite /alpha le_maxl divr_ge0 ?ler0n //=.
rewrite /misaligned_share /class_share /share invf_div mulrA divfK ?gt_eqF //.
rewrite ler_pdivl_mulr // mulrBl divfK ?gt_eqF // ler_subl_addr.
apply: le_trans size _; rewrite -natrD ler_nat -(cardsID (aligned eps) C) leq_add2l.
by apply/subset_leq_card/subsetP => i; rewrite !inE => /andP[].
Qed.

End Counting.
