(* A tau' for Theorem 4: |C - M|_F is at most the mean squared distance of the samples' mean features from their class
   means. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Theorem3Sharp Theorem4.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem4Spread.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation W i := (average_vector (f i)).
Local Notation card k := (#|class label k|%:R : R).

(* tr S = E |E_x1 f(x1) - mu_k|^2, k the class of x *)
Definition scatter : R := average (fun i => norm (W i - mean (label i)) ^+ 2).

Let Z i := W i - mean (label i).

Lemma correlation_views a b : correlation f a b = average (fun i => W i 0 a * W i 0 b).
Proof.
have entry i c : W i 0 c = average (fun j => f i j 0 c) by rewrite /average_vector mxE summxE.
rewrite mxE; apply: eq_average => i; rewrite !entry.
transitivity (average (fun j => average (fun j' => f i j' 0 b) * f i j 0 a)); last by rewrite averageZ mulrC.
by apply: eq_average => j; rewrite averageZ mulrC.
Qed.

Lemma sum_deviations k a b :
  \sum_(i in class label k) Z i 0 a * Z i 0 b
    = \sum_(i in class label k) W i 0 a * W i 0 b - card k * (mean k 0 a * mean k 0 b).
Proof.
have total c : \sum_(i in class label k) W i 0 c = card k * mean k 0 c.
  have := sum_view_means f label k => /(congr1 (fun v : 'rV_d => v 0 c)).
  by rewrite summxE => ->; rewrite mxE.
transitivity (\sum_(i in class label k) (W i 0 a * W i 0 b + (- mean k 0 b) * W i 0 a + (- mean k 0 a) * W i 0 b
    + mean k 0 a * mean k 0 b)).
  apply: eq_bigr => i; rewrite inE => /eqP ik; have minus c : Z i 0 c = W i 0 c - mean k 0 c by rewrite /Z ik !mxE.
  rewrite !minus; move: (W i 0 a) (W i 0 b) (mean k 0 a) (mean k 0 b) => x y u v; ring.
rewrite !big_split /= -!mulr_sumr !total sumr_const -[mean k 0 b *+ _]mulr_natl.
move: (\sum_(i in _) _) (card k) (mean k 0 a) (mean k 0 b) => x y u v; ring.
Qed.

Lemma deviation_matrix :
  correlation f - between f label = n%:R^-1 *: ((\matrix_(a, i) Z i 0 a) *m (\matrix_(a, i) Z i 0 a)^T).
Proof.
apply/matrixP => a b.
have -> : (correlation f - between f label) a b = correlation f a b - between f label a b by rewrite !mxE.
have -> : (n%:R^-1 *: ((\matrix_(a, i) Z i 0 a) *m (\matrix_(a, i) Z i 0 a)^T)) a b = n%:R^-1 * \sum_i Z i 0 a * Z i 0 b.
  rewrite [LHS]mxE; congr (_ * _); rewrite [LHS]mxE; apply: eq_bigr => i _; rewrite [in LHS]mxE; congr (_ * _).
  by rewrite [LHS]mxE [LHS]mxE.
rewrite correlation_views /average card_ord (sum_by_class label) [in RHS](sum_by_class label).
have -> : between f label a b = n%:R^-1 * \sum_k card k * (mean k 0 a * mean k 0 b).
  rewrite [LHS]mxE mulr_sumr; apply: eq_bigr => k _; rewrite /class_share /share.
  by rewrite [#|_|%:R / _]mulrC -mulrA.
by rewrite -mulrBr -sumrB; congr (_ * _); apply: eq_bigr => k _; rewrite sum_deviations.
Qed.

Lemma deviation_le_scatter : sqr_frobenius (correlation f - between f label) <= scatter ^+ 2.
Proof.
rewrite deviation_matrix; set U := \matrix_(a, i) _.
have -> : sqr_frobenius (n%:R^-1 *: (U *m U^T)) = n%:R^-1 ^+ 2 * sqr_frobenius (U *m U^T).
  rewrite /sqr_frobenius mulr_sumr; apply: eq_bigr => a _; rewrite mulr_sumr; apply: eq_bigr => b _.
  by rewrite [X in X ^+ 2 = _]mxE exprMn.
rewrite sqr_frobenius_gram /scatter /average card_ord exprMn ler_wpmul2l ?sqr_ge0 // expr2 big_distrlr.
apply: ler_sum => i _; apply: ler_sum => i' _ /=.
have -> : (U^T *m U) i i' = dot (Z i) (Z i').
  rewrite mxE; apply: eq_bigr => a _; rewrite [U a i']mxE; congr (_ * _); by rewrite mxE mxE.
rewrite -exprMn -[X in X <= _]real_normK ?num_real //; apply: sqr_le (normr_ge0 _) (cauchy_schwarz _ _).
Qed.

(* Theorem 4 with tau' = (tr S)^2 *)
Theorem theorem_4_scatter k l : k != l -> class label k != set0 -> class label l != set0 ->
  dot (mean k) (mean l)
    <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f + scatter ^+ 2 - (d%:R - K%:R) / 2%:R)).
Proof. by move=> kl ck cl; apply: theorem_4 => //; apply: deviation_le_scatter. Qed.

End Theorem4Spread.
