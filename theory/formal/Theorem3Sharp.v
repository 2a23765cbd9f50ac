(* What InfoNCE says of the class means by Jensen's inequality: L_2 >= sum_kl p_k p_l log(e^{a_k} + e^{mu_k.mu_l}),
   where a_k is the mean inner product of two views of a sample of class k. One pair of classes is then bounded with
   all other terms at their least. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ClassMeans Losses Exponential InfoNce.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem3Sharp.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variables exp log : R -> R.
Hypotheses (is_exp : is_exponential exp) (is_log : is_logarithm exp log).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation card k := (#|class label k|%:R : R).
Let card_m : (0 < #|'I_m|)%N. Proof. by rewrite card_ord. Qed.

(* a_k = E f(x1).f(x2) over the samples x of class k *)
Definition agreement k : R :=
  (card k)^-1 * \sum_(i in class label k) average (fun j => average (fun j' => dot (f i j) (f i j'))).

Let view_mean i := average_vector (f i).

Lemma empty_or k : class label k = set0 \/ card k != 0.
Proof.
have [/cards0_eq|pos] := posnP #|class label k|; [by left | by right; rewrite pnatr_eq0 -lt0n].
Qed.

Lemma sum_view_means k : \sum_(i in class label k) view_mean i = card k *: mean k.
Proof.
have [e|c0] := empty_or k; first by rewrite e big_set0 cards0 scale0r.
rewrite /class_mean scalerA natrM invfM mulVKf // /view_mean /average_vector card_ord.
by rewrite -scaler_sumr.
Qed.

Lemma sum_agreements k : \sum_(i in class label k) dot (view_mean i) (view_mean i) = card k * agreement k.
Proof.
rewrite /agreement; have [e|c0] := empty_or k; first by rewrite e !big_set0 cards0 mul0r.
by rewrite mulVKf //; apply: eq_bigr => i _; rewrite average_dot sqr_norm.
Qed.

Lemma sum_by_class (F : 'I_n -> R) : \sum_i F i = \sum_k \sum_(i in class label k) F i.
Proof.
rewrite (partition_big label xpredT) //=; apply: eq_bigr => k _.
by apply: eq_bigl => i; rewrite inE.
Qed.

(* the expectation over x, x', x1, x2, x-, in that order *)
Lemma over_triples_samples (g : R -> R -> R) : over_triples f g =
  average (fun i => average (fun i' => average (fun j => average (fun j' => average (fun j'' =>
    g (dot (f i j) (f i j')) (dot (f i j) (f i' j''))))))).
Proof.
apply: eq_average => i; rewrite [RHS]average_swap; apply: eq_average => j.
by rewrite [LHS]average_swap.
Qed.

(* Claim thm-3-sharp *)
Theorem theorem_3_jensen :
  \sum_k \sum_l p k * p l * log (exp (agreement k) + exp (dot (mean k) (mean l))) <= info_nce_regulariser f exp log.
Proof.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
pose G k l := log (exp (agreement k) + exp (dot (mean k) (mean l))).
pose q k l := first_weight exp (agreement k) (dot (mean k) (mean l)).
pose W := view_mean.
pose below i i' := G (label i) (label i') + q (label i) (label i') * (dot (W i) (W i) - agreement (label i))
  + (1 - q (label i) (label i')) * (dot (W i) (W i') - dot (mean (label i)) (mean (label i'))).
apply: le_trans (_ : average (fun i => average (below i)) <= _); last first.
  rewrite /info_nce_regulariser over_triples_samples; apply: average_le => i; apply: average_le => i'.
  have le j j' j'' := log_sum_tangent_at is_exp is_log (agreement (label i)) (dot (mean (label i)) (mean (label i')))
    (dot (f i j) (f i j')) (dot (f i j) (f i' j'')).
  apply: le_trans (average_le (fun j => average_le (fun j' => average_le (fun j'' => le j j' j'')))).
  rewrite -/(q _ _) -/(G _ _) /below; set g := G _ _; set w := q _ _; set a := agreement _; set b := dot (mean _) _.
  rewrite le_eqVlt; apply/orP; left; apply/eqP; symmetry.
  transitivity (average (fun j => average (fun j' => g + w * (dot (f i j) (f i j') - a)
      + (1 - w) * (dot (f i j) (W i') - b)))).
    apply: eq_average => j; apply: eq_average => j'.
    by rewrite averageD average_const // averageZ averageD average_const // -dot_average.
  transitivity (average (fun j => g + w * (dot (f i j) (W i) - a) + (1 - w) * (dot (f i j) (W i') - b))).
    apply: eq_average => j; rewrite averageD average_const // averageD average_const // averageZ averageD.
    by rewrite average_const // -dot_average.
  rewrite averageD averageD average_const // !averageZ !averageD !average_const //.
  have outer z : average (fun j => dot (f i j) z) = dot (W i) z.
    by rewrite [RHS]dotC dot_average; apply: eq_average => j; exact: dotC.
  by rewrite !outer.
have constant k x : \sum_(i in class label k) x = card k * x by rewrite sumr_const mulr_natl.
have inner l x y z w :
    \sum_(i' in class label l) (x + y * (dot w (W i') - z)) = card l * (x + y * (dot w (mean l) - z)).
  rewrite big_split /= constant -mulr_sumr sumrB constant -dot_sumr sum_view_means dotZr.
  by move: (card l) (dot w (mean l)) => c e; ring.
have key k l : \sum_(i in class label k) \sum_(i' in class label l) below i i' = card k * card l * G k l.
  transitivity (\sum_(i in class label k) card l * (G k l + q k l * (dot (W i) (W i) - agreement k)
      + (1 - q k l) * (dot (W i) (mean l) - dot (mean k) (mean l)))).
    apply: eq_bigr => i; rewrite inE => /eqP ik; rewrite -inner; apply: eq_bigr => i'; rewrite inE => /eqP il.
    by rewrite /below ik il.
  rewrite -mulr_sumr big_split big_split /= constant -!mulr_sumr !sumrB !constant sum_agreements.
  have -> : \sum_(i in class label k) dot (W i) (mean l) = card k * dot (mean k) (mean l).
    rewrite -[RHS]dotZl -sum_view_means [RHS]dotC dot_sumr; apply: eq_bigr => i _; exact: dotC.
  by move: (card k) (card l) (agreement k) (dot (mean k) (mean l)) (G k l) (q k l) => ck cl a b g w; ring.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
rewrite /average !card_ord -mulr_sumr mulrA sum_by_class.
have -> : \sum_k \sum_(i in class label k) \sum_i' below i i' = \sum_k \sum_l card k * card l * G k l.
  apply: eq_bigr => k _; under eq_bigr do rewrite sum_by_class.
  by rewrite exchange_big; apply: eq_bigr => l _; exact: key.
rewrite mulr_sumr; apply: eq_bigr => k _; rewrite mulr_sumr; apply: eq_bigr => l _.
rewrite /class_share /share -/(G k l); move: (card k) (card l) (G k l) => ck cl g.
by field; rewrite gt_eqF.
Qed.

(* the least inner product that the norms allow *)
Definition least k l : R := if k == l then norm (mean k) ^+ 2 else - (norm (mean k) * norm (mean l)).

Definition term k l x : R := p k * p l * log (exp (agreement k) + exp x).

(* Claim thm-3-sharp: solving for mu_k.mu_l and the floor of a_k by eps and R_eps are not formal *)
Theorem theorem_3_sharp k l : k != l ->
  p k * p l * (log (exp (agreement k) + exp (dot (mean k) (mean l)))
      + log (exp (agreement l) + exp (dot (mean k) (mean l))))
    <= info_nce_regulariser f exp log
       - \sum_(c | (c != (k, l)) && (c != (l, k))) term c.1 c.2 (least c.1 c.2).
Proof.
move=> kl; rewrite ler_subr_addr; apply: le_trans theorem_3_jensen.
rewrite [X in _ <= X]pair_bigA [X in _ <= X](bigD1 (k, l)) //= [X in _ <= _ + X](bigD1 (l, k)) /=; last first.
  by apply: contra kl => /eqP[->].
rewrite addrA ler_add //; first by rewrite mulrDr (dotC (mean l)) (mulrC (p l)).
have share_ge0 c : 0 <= p c by rewrite divr_ge0 ?ler0n.
apply: ler_sum => -[i j] _ /=; apply: ler_wpmul2l; first exact: mulr_ge0 (share_ge0 i) (share_ge0 j).
apply: (log_le is_exp is_log); first by rewrite addr_gt0 ?(exp_gt0 is_exp).
rewrite ler_add2l; apply: (exp_le is_exp); rewrite /least; case: eqP => [->|_]; first by rewrite sqr_norm.
exact: dot_geN.
Qed.

End Theorem3Sharp.
