(* Theorem 1 class by class: a class whose condition is not met costs its whole share, any other its bad samples. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting.
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

(* Err <= sum over classes of p_l (1 - alpha_l) where the class is met, p_l where not; alpha_l the share of a set G l *)
Theorem per_class (met : pred 'I_K) (G : 'I_K -> {set 'I_n}) :
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

End PerClass.
