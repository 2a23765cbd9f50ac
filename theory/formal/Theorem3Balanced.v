(* InfoNCE and one pair k, l of classes, when Jensen's inequality is applied once more, to all other pairs together: their
   mean agreement and their mean product enter, and the latter is known from mu_k.mu_l and norms (`balance`). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ClassMeans Losses Exponential InfoNce Theorem3Sharp.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem3Balanced.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variables exp log : R -> R.
Hypotheses (is_exp : is_exponential exp) (is_log : is_logarithm exp log).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation agreement := (agreement f label).
Local Notation G c x := (log (exp (agreement c) + exp x)).

Variables (k l : 'I_K).
Hypothesis kl : k != l.

(* the other pairs of different classes, their weight w, their mean agreement and their mean product *)
Definition other (c : 'I_K * 'I_K) : bool := [&& c.1 != c.2, c != (k, l) & c != (l, k)].
Definition pair_weight : R := \sum_(c | other c) p c.1 * p c.2.
Definition other_agreement : R := pair_weight^-1 * \sum_(c | other c) p c.1 * p c.2 * agreement c.1.
Definition other_product : R := pair_weight^-1 * \sum_(c | other c) p c.1 * p c.2 * dot (mean c.1) (mean c.2).

(* a sum over all pairs: equal classes, the pair k, l both ways, and the others *)
Lemma split_pairs (F : 'I_K -> 'I_K -> R) :
  \sum_i \sum_j F i j = \sum_i F i i + (F k l + F l k) + \sum_(c | other c) F c.1 c.2.
Proof.
have lk : l != k by rewrite eq_sym.
transitivity (\sum_i F i i + \sum_(c : 'I_K * 'I_K | c.1 != c.2) F c.1 c.2).
  rewrite pair_bigA (bigID (fun c : 'I_K * 'I_K => c.1 == c.2)) /=; congr (_ + _).
  rewrite -(pair_big_dep xpredT (fun i j => i == j) F) /=; apply: eq_bigr => i _.
  by rewrite (big_pred1 i) // => j; rewrite eq_sym.
rewrite -addrA; congr (_ + _); rewrite (bigD1 (k, l)) //= (bigD1 (l, k)) /=; last first.
  by rewrite lk /=; apply: contra kl => /eqP[->].
by rewrite addrA; congr (_ + _); apply: eq_bigl => c; rewrite /other andbA.
Qed.

Lemma share_ge0 c : 0 <= p c.
Proof. by rewrite divr_ge0 ?ler0n. Qed.

(* Claim thm-3-balanced: F(mu_k.mu_l) <= L_2 - ...; w is the weight of the other pairs as a sum. Solving for mu_k.mu_l
   ("beyond") is not formal *)
Theorem theorem_3_balanced : 0 < pair_weight ->
  p k * p l * (G k (dot (mean k) (mean l)) + G l (dot (mean k) (mean l)))
    + pair_weight * log (exp other_agreement + exp other_product)
  <= info_nce_regulariser f exp log - \sum_i p i ^+ 2 * G i (norm (mean i) ^+ 2).
Proof.
move=> w_gt0; have w0 : pair_weight != 0 by rewrite gt_eqF.
rewrite ler_subr_addr; apply: le_trans (theorem_3_jensen f label is_exp is_log n_gt0 m_gt0).
rewrite (split_pairs (fun i j => p i * p j * G i (dot (mean i) (mean j)))).
set q := first_weight exp other_agreement other_product.
have others : pair_weight * log (exp other_agreement + exp other_product)
    <= \sum_(c | other c) p c.1 * p c.2 * G c.1 (dot (mean c.1) (mean c.2)).
  apply: le_trans (_ : \sum_(c | other c) p c.1 * p c.2 * (log (exp other_agreement + exp other_product)
      + q * (agreement c.1 - other_agreement) + (1 - q) * (dot (mean c.1) (mean c.2) - other_product)) <= _); last first.
    apply: ler_sum => c _; apply: ler_wpmul2l; first exact: mulr_ge0 (share_ge0 _) (share_ge0 _).
    exact: log_sum_tangent_at.
  set g := log _; have -> : \sum_(c | other c) p c.1 * p c.2 * (g + q * (agreement c.1 - other_agreement)
      + (1 - q) * (dot (mean c.1) (mean c.2) - other_product))
    = pair_weight * g + q * (\sum_(c | other c) p c.1 * p c.2 * agreement c.1 - pair_weight * other_agreement)
      + (1 - q) * (\sum_(c | other c) p c.1 * p c.2 * dot (mean c.1) (mean c.2) - pair_weight * other_product).
    rewrite /pair_weight !mulr_suml -!sumrB !mulr_sumr -!big_split /=; apply: eq_bigr => c _.
    move: (p c.1) (p c.2) (agreement c.1) (dot (mean c.1) _) other_agreement other_product => a b x y u v; ring.
  by rewrite /other_agreement /other_product !mulVKf // !subrr !mulr0 !addr0.
have diagonal : \sum_i p i ^+ 2 * G i (norm (mean i) ^+ 2) = \sum_i p i * p i * G i (dot (mean i) (mean i)).
  by apply: eq_bigr => i _; rewrite sqr_norm expr2.
rewrite diagonal (dotC (mean l)) (mulrC (p l)) mulrDr; set x := p k * p l * _; set y := p k * p l * _.
by rewrite [X in X <= _]addrC [X in X <= _]addrA ler_add2l.
Qed.

(* w c = |sum_i p_i mu_i|^2 - sum_i p_i^2 |mu_i|^2 - 2 p_k p_l mu_k.mu_l *)
(* Claim thm-3-balanced: c from mu_k.mu_l *)
Theorem balance : 0 < pair_weight ->
  pair_weight * other_product = norm (\sum_i p i *: mean i) ^+ 2 - \sum_i p i ^+ 2 * norm (mean i) ^+ 2
    - 2%:R * (p k * p l) * dot (mean k) (mean l).
Proof.
move=> w_gt0; rewrite /other_product mulVKf ?gt_eqF //.
have -> : norm (\sum_i p i *: mean i) ^+ 2 = \sum_i \sum_j p i * p j * dot (mean i) (mean j).
  rewrite sqr_norm dot_sumr [RHS]exchange_big; apply: eq_bigr => j _ /=.
  by rewrite dotC dot_sumr; apply: eq_bigr => i _; rewrite dotZr dotZl (dotC (mean j)) mulrA.
rewrite (split_pairs (fun i j => p i * p j * dot (mean i) (mean j))) (dotC (mean l)).
have -> : \sum_i p i ^+ 2 * norm (mean i) ^+ 2 = \sum_i p i * p i * dot (mean i) (mean i).
  by apply: eq_bigr => i _; rewrite sqr_norm expr2.
set D := \sum_i _; set S := \sum_(c | _) _; move: (p k) (p l) (dot _ _) => a b x; ring.
Qed.

End Theorem3Balanced.
