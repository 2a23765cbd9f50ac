(* A class mean is the sum of two parts: `near_part`, from a set G of samples whose features lie near a unit
   vector u, and `far_part`, from the rest of the class. `dot_mean` and `dist_mean` bound u.mu_l and |u - mu_l|. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Means.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypothesis unit_f : unit_features f.
Hypothesis m_gt0 : (0 < m)%N.

Local Notation class := (class label).
Local Notation mean := (class_mean f label).
Let m_pos : 0 < m%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma dot_units i j i' j' : -1 <= dot (f i j) (f i' j').
Proof. by have := dot_geN (f i j) (f i' j'); rewrite !unit_f mulr1. Qed.

Lemma norm_class_sum (A : {set 'I_n}) : norm (\sum_(i in A) \sum_j f i j) <= #|A|%:R * m%:R.
Proof.
apply: le_trans (norm_sum_le _ _) _.
rewrite mulr_natl -sumr_const; apply: ler_sum => i _.
apply: le_trans (norm_sum_le _ _) _.
by rewrite (eq_bigr (fun=> 1)) => [|j _]; rewrite ?unit_f // sumr_const card_ord.
Qed.

Lemma norm_class_mean l : norm (mean l) <= 1.
Proof.
rewrite normZ ger0_norm ?invr_ge0 ?ler0n // natrM.
have [->|c_gt0] := posnP #|class l|; first by rewrite mul0r invr0 mul0r ler01.
by rewrite ler_pdivr_mull ?mulr_gt0 ?ltr0n // mulr1 norm_class_sum.
Qed.

Section GoodSet.
Variables (l : 'I_K) (G : {set 'I_n}) (u : 'rV[R]_d) (spread : R).
Hypotheses (G_sub : G \subset class l) (c_gt0 : (0 < #|class l|)%N) (u1 : norm u = 1).
Hypothesis close : forall i j, i \in G -> 1 - spread <= dot u (f i j).

Let beta : R := #|G|%:R / #|class l|%:R.
Let c_pos : 0 < #|class l|%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma beta_ge0 : 0 <= beta. Proof. by rewrite divr_ge0 ?ler0n. Qed.
Lemma beta_le1 : beta <= 1.
Proof. by rewrite ler_pdivr_mulr // mul1r ler_nat subset_leq_card. Qed.

(* the share beta of class l lies near u, the rest anywhere on the sphere *)
Definition near_part := (#|class l| * m)%:R^-1 *: \sum_(i in G) \sum_j f i j.
Definition far_part := (#|class l| * m)%:R^-1 *: \sum_(i in class l :\: G) \sum_j f i j.

Lemma mean_parts : mean l = near_part + far_part.
Proof. by rewrite -scalerDr /class_mean (big_setID G) /= (setIidPr G_sub). Qed.

Lemma far_card : #|class l :\: G|%:R = #|class l|%:R - #|G|%:R :> R.
Proof. by rewrite cardsD (setIidPr G_sub) natrB ?subset_leq_card. Qed.

Lemma norm_near_part : norm near_part <= beta.
Proof.
rewrite normZ ger0_norm ?invr_ge0 ?ler0n // natrM ler_pdivr_mull ?mulr_gt0 //.
apply: le_trans (norm_class_sum _) _; rewrite /beta le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite gt_eqF.
Qed.

Lemma norm_far_part : norm far_part <= 1 - beta.
Proof.
rewrite normZ ger0_norm ?invr_ge0 ?ler0n // natrM ler_pdivr_mull ?mulr_gt0 //.
apply: le_trans (norm_class_sum _) _; rewrite far_card /beta le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite gt_eqF.
Qed.

Lemma dot_near_part : beta * (1 - spread) <= dot u near_part.
Proof.
rewrite dotZr natrM ler_pdivl_mull ?mulr_gt0 // dot_sumr.
apply: le_trans (_ : \sum_(i in G) m%:R * (1 - spread) <= _).
  by rewrite sumr_const -mulr_natl /beta le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF.
apply: ler_sum => i iG; rewrite dot_sumr mulr_natl -[X in _ *+ X](card_ord m) -sumr_const.
by apply: ler_sum => j _; apply: close.
Qed.

Lemma dot_mean : beta * (2%:R - spread) - 1 <= dot u (mean l).
Proof.
rewrite mean_parts dotDr.
have far : - (1 - beta) <= dot u far_part.
  apply: le_trans (dot_geN u far_part); rewrite u1 mul1r ler_opp2; exact: norm_far_part.
apply: le_trans (ler_add dot_near_part far); rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

Lemma dist_mean s : 0 <= s -> spread = s ^+ 2 / 2%:R -> norm (u - mean l) <= chord beta s.
Proof.
move=> s0 sp; rewrite mean_parts opprD addrA /chord [X in _ <= X]addrC.
apply: le_trans (triangle _ _) _; rewrite normN ler_add ?norm_far_part //.
apply: le_of_sqr; first exact: sqrtr_ge0.
rewrite [X in _ <= X]sqr_sqrtr; last by have b0 := beta_ge0; nonneg.
rewrite sqr_normB u1 expr1n; have near := dot_near_part.
have b2 := sqr_le (norm_ge0 _) norm_near_part.
apply: (@certified _ (2%:R * (dot u near_part - beta * (1 - spread)) + (beta ^+ 2 - norm near_part ^+ 2))).
  by nonneg.
by rewrite sp; field.
Qed.

End GoodSet.
End Means.
