(* A tau' for Theorem 4: |C - M|_F is at most the mean squared distance of the samples' mean features from their class
   means; and that is bounded by sigma, delta, eps and R_eps through alpha_k and s = t + 2 eps, as in Theorem 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Lemma31 MainParts Theorem3Sharp Theorem4.
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
(* Claim thm-4: tau' = (tr S)^2 *)
Theorem theorem_4_scatter k l : k != l -> class label k != set0 -> class label l != set0 ->
  dot (mean k) (mean l)
    <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f + scatter ^+ 2 - (d%:R - K%:R) / 2%:R)).
Proof. by move=> kl ck cl; apply: theorem_4 => //; apply: deviation_le_scatter. Qed.

(* an average is as near to a point as what it averages *)
Lemma average_near (V : 'I_m -> 'rV[R]_d) u x : (forall j, norm (V j - u) <= x) -> norm (average_vector V - u) <= x.
Proof.
move=> near; have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have -> : average_vector V - u = m%:R^-1 *: \sum_j (V j - u).
  by rewrite sumrB sumr_const card_ord scalerBr -scaler_nat scalerA mulVf ?gt_eqF // scale1r /average_vector card_ord.
rewrite normZ ger0_norm ?invr_ge0 ?ler0n // ler_pdivr_mull //; apply: le_trans (norm_sum_le _ _) _.
by rewrite mulr_natl -[X in _ *+ X](card_ord m) -sumr_const; apply: ler_sum => j _.
Qed.

Lemma averages_near i i' x : (forall j j', norm (f i j - f i' j') <= x) -> norm (W i - W i') <= x.
Proof.
move=> near; apply: average_near => j; rewrite normB; apply: average_near => j'.
by rewrite normB.
Qed.

(* the variance is half the mean squared distance of two draws *)
Lemma class_scatter k :
  2%:R * card k * (\sum_(i in class label k) norm (Z i) ^+ 2)
    = \sum_(i in class label k) \sum_(i' in class label k) norm (W i - W i') ^+ 2.
Proof.
pose Q := \sum_(i in class label k) norm (W i) ^+ 2; set c := card k; set mu := mean k.
have total : \sum_(i in class label k) W i = c *: mu := sum_view_means f label k.
have constant x : \sum_(i in class label k) x = c * x by rewrite sumr_const mulr_natl.
have dot_total u : \sum_(i in class label k) dot u (W i) = c * dot u mu by rewrite -dot_sumr total dotZr.
have own : \sum_(i in class label k) norm (Z i) ^+ 2 = Q - c * norm mu ^+ 2.
  transitivity (\sum_(i in class label k) (norm (W i) ^+ 2 + (- 2%:R) * dot mu (W i) + norm mu ^+ 2)).
    apply: eq_bigr => i; rewrite inE /Z => /eqP ->; rewrite sqr_normB dotC -/mu.
    by move: (norm (W i)) (norm mu) (dot mu (W i)) => x y z; ring.
  rewrite !big_split /= -mulr_sumr dot_total constant sqr_norm.
  by rewrite -/Q; move: (Q) (c) (dot mu mu) => x y z; ring.
have inner i : \sum_(i' in class label k) norm (W i - W i') ^+ 2 = c * norm (W i) ^+ 2 + (- 2%:R) * (c * dot mu (W i)) + Q.
  transitivity (\sum_(i' in class label k) (norm (W i) ^+ 2 + (- 2%:R) * dot (W i) (W i') + norm (W i') ^+ 2)).
    by apply: eq_bigr => i' _; rewrite sqr_normB; move: (norm (W i)) (norm (W i')) (dot (W i) (W i')) => x y z; ring.
  by rewrite !big_split /= constant -mulr_sumr dot_total (dotC (W i)).
rewrite own (eq_bigr _ (fun i _ => inner i)) !big_split /= -!mulr_sumr dot_total constant sqr_norm -/Q.
by move: (Q) (c) (dot mu mu) => x y z; ring.
Qed.

Section MainParts.
Variables (sigma eps t : R) (C : 'I_K -> {set 'I_n}).
Hypotheses (unit_f : unit_features f) (mains : forall k, main_part f label sigma t k (C k)).
Local Notation s := (t + 2%:R * eps).
Hypotheses (s_ge0 : 0 <= s) (s_le2 : s <= 2%:R).
Local Notation alpha k := (alpha f label sigma eps k).

Lemma class_scatter_le k :
  \sum_(i in class label k) norm (Z i) ^+ 2
    <= card k * (alpha k ^+ 2 * s ^+ 2 / 2%:R + 2%:R * (1 - alpha k ^+ 2)).
Proof.
have [e|c_neq0] := empty_or R label k; first by rewrite e big_set0 cards0 mul0r.
have c_pos : 0 < card k by rewrite lt_def c_neq0 ler0n.
have c_gt0 : (0 < #|class label k|)%N by rewrite -(ltr0n R).
set G := C k :&: aligned f eps; pose inG i : R := (i \in G)%:R.
have G_sub : G \subset class label k by apply: subset_trans (subsetIl _ _) _; case: (mains k).
have four : 2%:R ^+ 2 = 4%:R :> R by ring.
have slack : 0 <= 4%:R - s ^+ 2 by rewrite subr_ge0 -four sqr_le.
have far i i' : norm (W i - W i') ^+ 2 <= 4%:R.
  rewrite -four; apply: sqr_le (norm_ge0 _) _; apply: averages_near => j j'.
  by apply: le_trans (triangle _ _) _; rewrite normN !unit_f -[2%:R]/(1 + 1).
have pair i i' : norm (W i - W i') ^+ 2 <= 4%:R - (4%:R - s ^+ 2) * (inG i * inG i').
  rewrite /inG; case: (boolP (i \in G)) => iG; last by rewrite mul0r mulr0 subr0 far.
  case: (boolP (i' \in G)) => i'G; last by rewrite !mulr0 subr0 far.
  rewrite !mulr1 opprB addrCA subrr addr0; apply: sqr_le (norm_ge0 _) _; apply: averages_near => j j'.
  exact: (spread (mains k) j j' iG i'G).
have count : \sum_(i in class label k) inG i = #|G|%:R.
  rewrite /inG -natr_sum; congr (_%:R); rewrite -sum1_card [RHS]big_mkcond [LHS]big_mkcond; apply: eq_bigr => i _ /=.
  by case: (boolP (i \in G)) => [/(subsetP G_sub) ->|]; rewrite //; case: ifP.
have := alpha_le n_gt0 eps (mains k) c_gt0; rewrite -/G ler_pdivl_mulr // => enough.
have alpha0 : 0 <= alpha k by rewrite /Setting.alpha le_maxr lexx.
have squares : (alpha k * card k) ^+ 2 <= #|G|%:R ^+ 2 by apply: sqr_le => //; rewrite mulr_ge0 // ltW.
have total : 2%:R * card k * (\sum_(i in class label k) norm (Z i) ^+ 2) <= 4%:R * card k ^+ 2 - (4%:R - s ^+ 2) * #|G|%:R ^+ 2.
  rewrite class_scatter.
  apply: le_trans (_ : \sum_(i in class label k) \sum_(i' in class label k) (4%:R - (4%:R - s ^+ 2) * (inG i * inG i')) <= _).
    by apply: ler_sum => i _; apply: ler_sum => i' _; apply: pair.
  rewrite le_eqVlt; apply/orP; left; apply/eqP.
  rewrite (eq_bigr (fun i => 4%:R * card k - (4%:R - s ^+ 2) * #|G|%:R * inG i)) => [|i _]; last first.
    rewrite sumrB sumr_const -!mulr_sumr count -[4%:R *+ _]mulr_natr.
    by move: (card k) (#|G|%:R) (inG i) => x y z; ring.
  rewrite sumrB sumr_const -!mulr_sumr count -[_ *+ #|_|]mulr_natr.
  by move: (card k) (#|G|%:R) => x y; ring.
have two_c : 0 < 2%:R * card k by rewrite mulr_gt0 ?ltr0n.
rewrite -(ler_pmul2l two_c); apply: le_trans total _.
apply: (@certified _ ((4%:R - s ^+ 2) * (#|G|%:R ^+ 2 - (alpha k * card k) ^+ 2))).
  by rewrite mulr_ge0 // subr_ge0.
by move: (card k) (#|G|%:R) (alpha k) (s) => x y u v; field.
Qed.

(* Theorem 4 with tau' = (sum_k p_k [alpha_k^2 s^2 / 2 + 2 (1 - alpha_k^2)])^2, which is 0 in the ideal case *)
(* Claim thm-4: r = 1 and the tau' in sigma, delta, eps and R_eps *)
Theorem theorem_4_main_parts k l : k != l -> class label k != set0 -> class label l != set0 ->
  dot (mean k) (mean l) <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f
    + (\sum_j p j * (alpha j ^+ 2 * s ^+ 2 / 2%:R + 2%:R * (1 - alpha j ^+ 2))) ^+ 2 - (d%:R - K%:R) / 2%:R)).
Proof.
move=> kl ck cl; apply: theorem_4 => //; apply: le_trans deviation_le_scatter _; apply: sqr_le.
  by apply: average_ge0 => i; apply: sqr_ge0.
rewrite /scatter /average card_ord (sum_by_class label) mulr_sumr; apply: ler_sum => j _.
have -> : p j = n%:R^-1 * card j by rewrite /class_share /share mulrC.
rewrite -[X in _ <= X]mulrA; apply: ler_wpmul2l; [by rewrite invr_ge0 ler0n | exact: class_scatter_le].
Qed.

End MainParts.

End Theorem4Spread.
