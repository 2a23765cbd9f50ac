(* Theorem 4 of Huang et al. (ICLR 2023) for centred features, E f = 0: its right side cannot fall below 1 / sqrt(p_k p_l), hence
   not below K for some pair of classes. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Theorem3Sharp Theorem4 Theorem4Spread.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Centred.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis centred : forall a, average (fun i => average (fun j => f i j 0 a)) = 0.    (* E f = 0 *)
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation M := (between f label).
Local Notation S := (correlation f - between f label).
Local Notation v k := (Num.sqrt (p k)).
Local Notation x k := (Num.sqrt (p k) *: mean k).

Lemma sqr_v k : v k ^+ 2 = p k.
Proof. by rewrite sqr_sqrtr ?share_ge0. Qed.

Lemma sum_shares : \sum_k p k = 1.
Proof.
rewrite -mulr_suml; have -> : \sum_k #|class label k|%:R = n%:R :> R.
  rewrite -[in RHS](card_ord n) -sumr_const (sum_by_class label); apply: eq_bigr => k _.
  by rewrite sumr_const.
by rewrite divff // pnatr_eq0 -lt0n.
Qed.

Lemma sum_sqr_v : \sum_k v k ^+ 2 = 1.
Proof. by rewrite -sum_shares; apply: eq_bigr => k _; rewrite sqr_v. Qed.

(* sum_k p_k mu_k = E f = 0 *)
Lemma sum_weighted_means : \sum_k v k *: x k = 0.
Proof.
apply/rowP => a; rewrite mxE summxE; have scaled_entry c (u : 'rV[R]_d) : (c *: u) 0 a = c * u 0 a by rewrite mxE.
transitivity (n%:R^-1 * \sum_k \sum_(i in class label k) average_vector (f i) 0 a).
  rewrite mulr_sumr; apply: eq_bigr => k _; rewrite scalerA -expr2 sqr_v scaled_entry.
  have := congr1 (fun u : 'rV_d => u 0 a) (sum_view_means f label k); rewrite summxE => ->.
  by rewrite [X in _ = _ * X]scaled_entry [RHS]mulrA; congr (_ * _); rewrite /class_share /share mulrC.
rewrite -(sum_by_class label); rewrite -[RHS](centred a) [in RHS]/average card_ord; congr (_ * _).
by apply: eq_bigr => i _; rewrite mxE summxE.
Qed.

(* Y = U^T U - I, with U the matrix of the x_k *)
Definition Y : 'M[R]_K := \matrix_(k, l) (dot (x k) (x l) - (k == l)%:R).
Definition Z : 'M[R]_K := \matrix_(k, l) (Y k l + v k * v l).

Lemma between_frobenius : sqr_frobenius (M - 1%:M) = sqr_frobenius Y + (d%:R - K%:R).
Proof.
rewrite between_gram -(gram_gap (weighted_means f label)).
suff -> : Y = (weighted_means f label)^T *m weighted_means f label - 1%:M by rewrite [RHS]addrC subrK.
apply/matrixP => k l; rewrite [LHS]mxE [RHS]mxE [X in _ = _ + X]mxE [X in _ = _ - X]mxE; congr (_ - _).
have entry a j : weighted_means f label a j = v j * mean j 0 a by rewrite mxE.
by rewrite [RHS]mxE /dot; apply: eq_bigr => a _; rewrite [X in _ = X * _]mxE !entry; congr (_ * _); rewrite mxE.
Qed.

(* Y v = -v, hence v^T Y v = -1 *)
Lemma form_Y : \sum_k \sum_l Y k l * (v k * v l) = -1.
Proof.
transitivity (dot (\sum_k v k *: x k) (\sum_l v l *: x l) - \sum_k v k ^+ 2); last first.
  by rewrite sum_weighted_means dot0r sum_sqr_v sub0r.
rewrite dot_sumr -sumrB; apply: eq_bigr => k _.
rewrite dotZr dotC dot_sumr mulr_sumr.
transitivity (\sum_l (v k * dot (x k) (v l *: x l) - (k == l)%:R * (v k * v l))).
  apply: eq_bigr => l _; rewrite mxE [in RHS]dotZr; set t := dot _ _; set b := (_ == _)%:R.
  by rewrite mulrBl; congr (_ - _); rewrite mulrC mulrA.
rewrite sumrB; congr (_ - _); rewrite (bigD1 k) //= eqxx mul1r big1 ?addr0 ?expr2 // => l lk.
by rewrite eq_sym (negbTE lk) mul0r.
Qed.

(* |Y|^2 = 1 + |Y + v v^T|^2 *)
Lemma sqr_Y : sqr_frobenius Y = 1 + sqr_frobenius Z.
Proof.
have square : \sum_k \sum_l (v k * v l) ^+ 2 = 1.
  rewrite -[RHS]mulr1 -[in RHS]sum_sqr_v big_distrlr; apply: eq_bigr => k _; apply: eq_bigr => l _ /=.
  by rewrite exprMn.
have -> : sqr_frobenius Z = sqr_frobenius Y + 2%:R * (\sum_k \sum_l Y k l * (v k * v l)) + \sum_k \sum_l (v k * v l) ^+ 2.
  rewrite /sqr_frobenius mulr_sumr -!big_split; apply: eq_bigr => k _ /=.
  rewrite mulr_sumr -!big_split; apply: eq_bigr => l _ /=; rewrite [Z k l]mxE.
  by move: (Y k l) (v k) (v l) => s t u; ring.
by rewrite form_Y square; ring.
Qed.

(* twice the right side at tau' = |S|^2 *)
Lemma twice_right_side :
  2%:R * (identity_distance f + sqr_frobenius S - (d%:R - K%:R) / 2%:R)
    = 1 + sqr_frobenius Z + sqr_frobenius (S + S + (M - 1%:M)).
Proof.
have parts : 2%:R * (identity_distance f + sqr_frobenius S)
    = sqr_frobenius (M - 1%:M) + sqr_frobenius (S + S + (M - 1%:M)).
  rewrite /identity_distance /sqr_frobenius -big_split mulr_sumr -big_split; apply: eq_bigr => a _ /=.
  rewrite -big_split mulr_sumr -big_split; apply: eq_bigr => b _ /=.
  have entry (A B : 'M[R]_d) : (A + B) a b = A a b + B a b by rewrite mxE.
  have minus (A : 'M[R]_d) : (- A) a b = - A a b by rewrite mxE.
  rewrite !(entry, minus); move: (correlation f a b) (M a b) ((1%:M : 'M[R]_d) a b) => s t u; ring.
rewrite mulrBr parts between_frobenius sqr_Y.
by move: (sqr_frobenius _) (sqr_frobenius _) => s t; field.
Qed.

Section Pair.
Variables (k l : 'I_K) (tau : R).
Hypotheses (kl : k != l) (ck : class label k != set0) (cl : class label l != set0) (le_tau : sqr_frobenius S <= tau).
Local Notation B := (identity_distance f + tau - (d%:R - K%:R) / 2%:R).

Let pos c : class label c != set0 -> 0 < p c.
Proof. by move=> c0; rewrite divr_gt0 ?ltr0n ?card_gt0. Qed.

Let pp : 0 < p k * p l. Proof. by rewrite mulr_gt0 ?pos. Qed.

Lemma right_side_ge : 1 + sqr_frobenius Z + sqr_frobenius (S + S + (M - 1%:M)) <= 2%:R * B.
Proof. by rewrite -twice_right_side ler_wpmul2l ?ler0n // ler_add2r ler_add2l. Qed.

(* Claim thm-4-floor: for every tau' >= norm(C - M)^2; any number of classes and features *)
Theorem theorem_4_floor :
  2%:R^-1 <= B /\ (Num.sqrt (p k * p l))^-1 <= Num.sqrt (2%:R / (p k * p l) * B).
Proof.
have half : 2%:R^-1 <= B.
  apply: (@scaled_le _ 2%:R); rewrite ?ltr0n // divff ?pnatr_eq0 //; apply: le_trans right_side_ge.
  by rewrite -addrA ler_addl addr_ge0 ?sqr_frobenius_ge0.
split=> //; rewrite -sqrtrV ?(ltW pp) //; apply: ler_wsqrtr.
rewrite -[X in X <= _]mul1r [X in _ <= X]mulrAC ler_wpmul2r ?invr_ge0 ?(ltW pp) //.
by rewrite -[X in X <= _](divff (two_neq0 R)) ler_wpmul2l ?ler0n.
Qed.

End Pair.

(* the two rarest classes *)
Lemma rarest_pair : (1 < K)%N -> exists k l, k != l /\ p k + p l <= 2%:R / K%:R.
Proof.
move=> K1; have K_pos : 0 < K%:R :> R by rewrite ltr0n ltnW.
pose big k l := (k != l) && (2%:R / K%:R < p k + p l).
have [/existsP[k /existsP[l /andP[kl le]]]|none] := boolP [exists k, exists l, (k != l) && (p k + p l <= 2%:R / K%:R)].
  by exists k, l.
have more k l : k != l -> 0 < p k + p l - 2%:R / K%:R.
  move=> kl; rewrite subr_gt0 ltNge; apply: contra none => le; apply/existsP; exists k; apply/existsP; exists l.
  by rewrite kl.
have zero : \sum_k \sum_(l | l != k) (p k + p l - 2%:R / K%:R) = 0.
  transitivity (\sum_k ((K%:R - 2%:R) * p k + (1 - 2%:R / K%:R * (K%:R - 1)))).
    apply: eq_bigr => k _; have count (c : R) : \sum_(l < K | l != k) c = (K%:R - 1) * c.
      have : \sum_(l < K) c = K%:R * c by rewrite sumr_const card_ord mulr_natl.
      by rewrite (bigD1 k) //= => /(canRL (addKr _)) ->; ring.
    rewrite big_split /= big_split /= !count; have := sum_shares; rewrite (bigD1 k) //= => /(canRL (addKr _)) ->.
    by ring.
  by rewrite big_split /= -mulr_sumr sum_shares sumr_const card_ord -mulr_natl; field; rewrite gt_eqF.
have := zero; suff : 0 < \sum_k \sum_(l | l != k) (p k + p l - 2%:R / K%:R) by move=> pos z; rewrite z ltxx in pos.
rewrite (bigD1 (Ordinal K1)) //= (bigD1 (Ordinal (ltnW K1))) //= -addrA.
apply: ltr_paddr; last by apply: more; rewrite -val_eqE.
apply: addr_ge0; first by apply: sumr_ge0 => l /andP[lk _]; rewrite ltW ?more // eq_sym.
by apply: sumr_ge0 => c _; apply: sumr_ge0 => l lk; rewrite ltW ?more // eq_sym.
Qed.

Lemma rarest_product : (1 < K)%N -> exists k l, k != l /\ p k * p l <= K%:R^-1 ^+ 2.
Proof.
move=> K1; have [k [l [kl rare]]] := rarest_pair K1; exists k, l; split=> //.
have half : 0 <= (p k + p l) / 2%:R by apply: divr_ge0; [apply: addr_ge0; exact: share_ge0 | exact: ler0n].
have {}rare : (p k + p l) / 2%:R <= K%:R^-1 by rewrite ler_pdivr_mulr ?ltr0n // mulrC.
apply: le_trans (sqr_le half rare); apply: (@certified _ ((p k - p l) ^+ 2 / 4%:R)); last by field.
by rewrite divr_ge0 ?sqr_ge0 ?ler0n.
Qed.

(* Claim thm-4-floor: some right side is at least K, every class having samples *)
Theorem theorem_4_floor_K tau : (1 < K)%N -> (forall l, class label l != set0) -> sqr_frobenius S <= tau ->
  exists k l, k != l /\ K%:R <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f + tau - (d%:R - K%:R) / 2%:R)).
Proof.
move=> K1 nonempty le_tau; have [k [l [kl rare]]] := rarest_product K1; exists k, l; split=> //.
have [_ le] := theorem_4_floor (nonempty k) (nonempty l) le_tau; apply: le_trans le.
have K_pos : 0 < K%:R :> R by rewrite ltr0n ltnW.
have pos c : 0 < p c by rewrite divr_gt0 ?ltr0n ?card_gt0.
have pp : 0 < p k * p l by apply: mulr_gt0; exact: pos.
rewrite -[X in X <= _]invrK lef_pinv ?posrE ?invr_gt0 ?sqrtr_gt0 //.
apply: le_of_sqr; first by rewrite invr_ge0 ltW.
by rewrite sqr_sqrtr // ltW.
Qed.

End Centred.
