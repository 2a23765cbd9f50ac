(* The cross-correlation loss is (1 - lambda) L_1 + lambda L_2, and L_1 bounds the alignment (Lemma 4.1 of Huang et
   al., ICLR 2023). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section CrossCorrelation.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Local Notation C := (correlation f).

(* Claim bt-split *)
Theorem cross_correlation_split (lambda : R) :
  cross_correlation_loss f lambda = (1 - lambda) * diagonal_distance f + lambda * identity_distance f.
Proof.
have -> : identity_distance f = diagonal_distance f + \sum_a \sum_(b | b != a) C a b ^+ 2.
  rewrite /identity_distance /sqr_frobenius /diagonal_distance -big_split; apply: eq_bigr => a _ /=.
  rewrite (bigD1 a) //=; congr (_ + _); first by rewrite !mxE eqxx mulr1n -sqrrN opprB.
  by apply: eq_bigr => b ba; rewrite !mxE eq_sym (negbTE ba) subr0.
by rewrite /cross_correlation_loss -/(diagonal_distance f); ring.
Qed.

(* E |f(x1) - f(x2)|^2 = 2 sum_a (E f_a^2 - C_aa) *)
Lemma alignment_correlation : (0 < m)%N -> alignment f = 2%:R * \sum_a (second_moment f a - C a a).
Proof.
move=> m_gt0; have card_m : (0 < #|'I_m|)%N by rewrite card_ord.
transitivity (\sum_a average (fun i => average (fun j => average (fun j' => (f i j 0 a - f i j' 0 a) ^+ 2)))).
  rewrite /alignment sum_average; apply: eq_average => i.
  rewrite sum_average; apply: eq_average => j; rewrite sum_average; apply: eq_average => j'.
  by rewrite sqr_norm /dot; apply: eq_bigr => a _; rewrite !mxE expr2.
rewrite mulr_sumr; apply: eq_bigr => a _; rewrite /second_moment /correlation mxE.
rewrite -[X in _ = 2%:R * (X + _)]/(average _) -averageN -averageD -averageZ; apply: eq_average => i.
set A := average (fun j => f i j 0 a ^+ 2).
transitivity (average (fun j => f i j 0 a ^+ 2 + A + (- 2%:R) * average (fun j' => f i j 0 a * f i j' 0 a))).
  apply: eq_average => j; rewrite /A -averageZ -[f i j 0 a ^+ 2](average_const _ card_m) -!averageD.
  by apply: eq_average => j'; ring.
rewrite (averageD (fun j => f i j 0 a ^+ 2 + A)) (averageD (fun j => f i j 0 a ^+ 2)) average_const // averageZ -/A.
set B := average _; ring.
Qed.

(* Lemma 4.1 *)
(* Claim lemma-4.1 *)
Theorem lemma_4_1 : (0 < m)%N -> (forall a, second_moment f a = 1) ->
  alignment f = 2%:R * (\sum_a (1 - C a a)) /\ alignment f <= 2%:R * Num.sqrt (d%:R * diagonal_distance f).
Proof.
move=> m_gt0 normalised.
have e : alignment f = 2%:R * \sum_a (1 - C a a).
  by rewrite alignment_correlation //; congr (_ * _); apply: eq_bigr => a _; rewrite normalised.
split=> //; rewrite e ler_wpmul2l ?ler0n //.
have D0 : 0 <= diagonal_distance f by apply: sumr_ge0 => a _; apply: sqr_ge0.
apply: le_of_sqr; rewrite ?sqrtr_ge0 // sqr_sqrtr ?mulr_ge0 ?ler0n //.
have [d0|d_gt0] := posnP d.
  rewrite big1 ?expr0n ?mulr_ge0 ?ler0n // => a _.
  by exfalso; have := leq_ltn_trans (leq0n a) (ltn_ord a); rewrite d0.
have d_pos : 0 < d%:R :> R by rewrite ltr0n.
have := sqr_average_le (fun a => 1 - C a a); rewrite /average card_ord -/(diagonal_distance f).
set S := \sum_i _; set D := diagonal_distance f => le.
have -> : S ^+ 2 = d%:R ^+ 2 * (d%:R^-1 * S) ^+ 2 by field; rewrite gt_eqF.
have -> : d%:R * D = d%:R ^+ 2 * (d%:R^-1 * D) by field; rewrite gt_eqF.
by rewrite ler_wpmul2l ?sqr_ge0.
Qed.

End CrossCorrelation.
