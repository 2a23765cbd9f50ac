(* Theorem 1 class by class: a class whose condition is not met costs its whole share, any other its bad samples. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma31 MainParts Theorem1Cap Theorem1Nesting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section PerClass.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.

(* the bad samples of a class are those outside a set G l that is classified correctly *)
Lemma per_class (met : pred 'I_K) (G : 'I_K -> {set 'I_n}) :
  (forall l, G l \subset class label l) ->
  (forall l i, met l -> i \in G l -> i \notin misclassified f label original) ->
  nearest_mean_error f label original
    <= \sum_l (if met l then class_share R label l - share R (G l) else class_share R label l).
Proof.
move=> sub right; pose bad l := class label l :\: (if met l then G l else set0).
apply: le_trans (_ : \sum_l share R (bad l) <= _); last first.
  apply: ler_sum => l _; rewrite /bad /class_share /share; case: (met l); last by rewrite setD0.
  by rewrite cardsD (setIidPr (sub l)) natrB ?subset_leq_card // mulrBl.
rewrite /nearest_mean_error /share -mulr_suml ler_wpmul2r ?invr_ge0 ?ler0n // -natr_sum ler_nat.
apply: leq_trans (_ : #|\bigcup_l bad l| <= _)%N.
  apply/subset_leq_card/subsetP => i wi; apply/bigcupP; exists (label i) => //.
  rewrite !inE eqxx andbT; case: ifP => [ml|_]; last by rewrite inE.
  by apply: contraL wi => /(right _ _ ml).
elim/big_rec2: _ => [|l x A _ le]; first by rewrite cards0.
by apply: leq_trans (_ : #|bad l| + #|A| <= _)%N; rewrite ?leq_add2l // cardsU leq_subr.
Qed.

(* Err <= sum over classes of p_l (1 - alpha_l) where the condition is met, p_l where not; sigma, eps and t are chosen for
   each class. The condition is the exact form's: by Theorem1Nesting.v every other form implies it. *)
(* Claim thm-1-per-class: for the exact form, which every other form implies *)
Theorem theorem_1_per_class (met : pred 'I_K) (sigma eps t : 'I_K -> R) (C : 'I_K -> {set 'I_n}) :
  (0 < n)%N -> unit_features f ->
  (forall l, met l -> main_part f label (sigma l) (t l) l (C l)) ->
  (forall l k, met l -> k != l -> exact_form (alpha f label (sigma l) (eps l) l) (t l + 2%:R * eps l)
    (class_mean f label l) (class_mean f label k)) ->
  nearest_mean_error f label original
    <= \sum_l class_share R label l * (if met l then 1 - alpha f label (sigma l) (eps l) l else 1).
Proof.
move=> n_gt0 unit_f mains condition.
pose G l := if met l then C l :&: aligned f (eps l) else set0.
have sub l : G l \subset class label l.
  by rewrite /G; case: ifP => [/mains main|_]; [exact: G_sub main | exact: sub0set].
apply: le_trans (per_class (met := met) sub _) _ => [l i ml|].
  rewrite /G ml inE => /andP[iC iS].
  apply: (right_nearer (mains l ml) iC iS) => k kl.
  exact: (condition l k ml kl _ (member_compatible original n_gt0 unit_f (mains l ml) iC iS)).
apply: ler_sum => l _; case: ifP => [ml|_]; last by rewrite mulr1.
rewrite mulrBr mulr1 ler_add2l ler_opp2 /G ml.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have [c0|c_gt0] := posnP #|class label l|.
  by rewrite /class_share /share c0 !mul0r divr_ge0 ?ler0n.
have c_pos : 0 < #|class label l|%:R :> R by rewrite ltr0n.
have le := alpha_le n_gt0 (eps l) (mains l ml) c_gt0.
apply: le_trans (ler_wpmul2l _ le) _; first by rewrite divr_ge0 ?ler0n.
rewrite /class_share /share le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite !gt_eqF.
Qed.

End PerClass.
