(* Theorem 4 of Huang et al. (ICLR 2023): the cross-correlation loss bounds the inner products of the class means. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem4.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).

(* M = sum_k p_k mu_k mu_k^T, and U with the columns sqrt(p_k) mu_k *)
Definition between : 'M[R]_d := \matrix_(a, b) \sum_k p k * (mean k 0 a * mean k 0 b).
Definition weighted_means : 'M[R]_(d, K) := \matrix_(a, k) (Num.sqrt (p k) * mean k 0 a).

Local Notation U := weighted_means.

Lemma share_ge0 k : 0 <= p k.
Proof. by rewrite divr_ge0 ?ler0n. Qed.

Lemma between_gram : between = U *m U^T.
Proof.
have entry a k : U a k = Num.sqrt (p k) * mean k 0 a by rewrite /weighted_means mxE.
have turned a k : U^T k a = U a k by rewrite mxE.
apply/matrixP => a b; rewrite [LHS]mxE [RHS]mxE; apply: eq_bigr => k _.
by rewrite turned !entry [RHS]mulrACA -[X in _ = X * _]expr2 sqr_sqrtr ?share_ge0.
Qed.

Lemma sqr_gram k l : k != l -> (U^T *m U - 1%:M) k l ^+ 2 = p k * p l * dot (mean k) (mean l) ^+ 2.
Proof.
move=> kl; rewrite !mxE (negbTE kl) subr0.
have -> : \sum_a U^T k a * U a l = Num.sqrt (p k) * Num.sqrt (p l) * dot (mean k) (mean l).
  by rewrite /dot mulr_sumr; apply: eq_bigr => a _; rewrite !mxE mulrACA.
by rewrite exprMn exprMn !sqr_sqrtr ?share_ge0.
Qed.

(* without the factor 2 of the printed bound *)
Lemma sqr_dot_means k l : k != l ->
  p k * p l * dot (mean k) (mean l) ^+ 2
    <= identity_distance f + sqr_frobenius (correlation f - between) - (d%:R - K%:R) / 2%:R.
Proof.
move=> kl.
have two : 2%:R * (p k * p l * dot (mean k) (mean l) ^+ 2) <= sqr_frobenius (U^T *m U - 1%:M).
  have lk : l != k by rewrite eq_sym.
  have := two_entries (U^T *m U - 1%:M) kl.
  rewrite (sqr_gram kl) (sqr_gram lk) (dotC (mean l) (mean k)) (mulrC (p l)).
  by rewrite -[2%:R]/(1 + 1) mulrDl mul1r.
have gap : sqr_frobenius (U *m U^T - 1%:M) - sqr_frobenius (U^T *m U - 1%:M) = d%:R - K%:R := gram_gap _.
have sub := sqr_frobenius_sub (correlation f - 1%:M) (correlation f - between).
have {sub} : sqr_frobenius (U *m U^T - 1%:M)
    <= 2%:R * identity_distance f + 2%:R * sqr_frobenius (correlation f - between).
  apply: le_trans sub; rewrite -between_gram; rewrite le_eqVlt; apply/orP; left; apply/eqP; congr sqr_frobenius.
  by rewrite opprB [RHS]addrC subrKA.
move: two gap; rewrite /identity_distance.
set X := sqr_frobenius (U *m U^T - 1%:M); set Y := sqr_frobenius (U^T *m U - 1%:M).
set L := sqr_frobenius (correlation f - 1%:M); set T := sqr_frobenius (correlation f - between).
set P := p k * p l * _ => two gap le.
apply: (@scaled_le _ 2%:R); first by rewrite ltr0n.
apply: (@certified _ ((2%:R * L + 2%:R * T - X) + (Y - 2%:R * P))); first by rewrite addr_ge0 ?subr_ge0.
have -> : X = Y + (d%:R - K%:R) by rewrite -gap addrC subrK.
by field.
Qed.

(* Theorem 4, for every tau' >= |C - M|_F^2; neither |f| = sqrt(d) nor E f_a^2 = 1 is used *)
(* Claim thm-4: for every tau' >= norm(C - M)^2 *)
Theorem theorem_4 k l tau : (0 < n)%N -> k != l -> class label k != set0 -> class label l != set0 ->
  sqr_frobenius (correlation f - between) <= tau ->
  dot (mean k) (mean l)
    <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f + tau - (d%:R - K%:R) / 2%:R)).
Proof.
move=> n_gt0 kl ck cl le_tau.
have pos c : class label c != set0 -> 0 < p c by move=> c0; rewrite divr_gt0 ?ltr0n ?card_gt0.
have pp : 0 < p k * p l by rewrite mulr_gt0 ?pos.
have main := sqr_dot_means kl; set B := identity_distance f + tau - _.
have {}main : p k * p l * dot (mean k) (mean l) ^+ 2 <= B.
  by apply: le_trans main _; rewrite /B ler_add2r ler_add2l.
have B0 : 0 <= B by apply: le_trans main; rewrite mulr_ge0 ?sqr_ge0 // ltW.
apply: le_of_sqr; rewrite ?sqrtr_ge0 // sqr_sqrtr; last by rewrite mulr_ge0 // divr_ge0 ?ler0n // ltW.
rewrite [X in _ <= X]mulrAC ler_pdivl_mulr // [X in X <= _]mulrC; apply: le_trans main _.
by rewrite -[2%:R]/(1 + 1) mulrDl mul1r ler_addl.
Qed.

End Theorem4.
