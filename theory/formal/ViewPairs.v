(* The squared distances of all pairs of views of one sample: their sum, and what the widest pair contributes to it. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section ViewPairs.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.

Definition pairs i : R := \sum_j \sum_j' norm (f i j - f i j') ^+ 2.

Lemma alignment_sums :
  alignment f = n%:R^-1 * (\sum_i (m%:R ^- 2 * (\sum_j \sum_j' norm (f i j - f i j') ^+ 2))).
Proof.
rewrite /alignment /average !card_ord; congr (_ * _); apply: eq_bigr => i _.
rewrite expr2 invfM -mulrA; congr (_ * _); rewrite mulr_sumr.
by apply: eq_bigr => j _.
Qed.

Lemma alignment_pairs : alignment f = average (fun i => pairs i / m%:R ^+ 2).
Proof.
rewrite alignment_sums /average card_ord; congr (_ * _); apply: eq_bigr => i _; exact: mulrC.
Qed.

Lemma pairs_ge0 i : 0 <= pairs i.
Proof. by apply: sumr_ge0 => j _; apply: sumr_ge0 => j' _; apply: sqr_ge0. Qed.

Lemma pairs_variance i (v : 'I_m -> 'rV[R]_d) z : (forall j, f i j = v j + z) -> \sum_j v j = 0 ->
  pairs i = 2%:R * m%:R * \sum_j norm (v j) ^+ 2.
Proof.
move=> fE v0; transitivity (\sum_j (m%:R * norm (v j) ^+ 2 + \sum_j' norm (v j') ^+ 2)).
  apply: eq_bigr => j _.
  transitivity (\sum_j' (norm (v j) ^+ 2 - 2%:R * dot (v j) (v j') + norm (v j') ^+ 2)).
    by apply: eq_bigr => j' _; rewrite !fE opprD addrACA subrr addr0 sqr_normB.
  rewrite big_split sumrB /= sumr_const card_ord -mulr_sumr -dot_sumr v0 dot0r mulr0 subr0.
  by rewrite mulr_natl.
rewrite big_split /= -mulr_sumr sumr_const card_ord -[X in _ + X]mulr_natl.
by rewrite -mulrA -[2%:R]/(1 + 1) mulrDl mul1r.
Qed.

(* every other view is off one of the two ends of a pair, so one pair makes up at least m of the sum *)
Lemma pair_le_pairs i a b : m%:R * norm (f i a - f i b) ^+ 2 <= pairs i.
Proof.
have m_gt0 : (0 < m)%N := leq_ltn_trans (leq0n _) (ltn_ord a).
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have [->|ab] := eqVneq b a; first by rewrite subrr norm0 expr0n mulr0 pairs_ge0.
pose z := m%:R^-1 *: \sum_j f i j; pose v j := f i j - z.
have v0 : \sum_j v j = 0.
  by rewrite sumrB sumr_const card_ord -scaler_nat scalerA divff ?scale1r ?subrr ?gt_eqF.
rewrite (@pairs_variance i v z) //; last by move=> j; rewrite subrK.
have -> : f i a - f i b = v a - v b by rewrite /v opprB addrA subrK.
have two : norm (v a) ^+ 2 + norm (v b) ^+ 2 <= \sum_j norm (v j) ^+ 2.
  rewrite (bigD1 a) //= (bigD1 b) //= addrA ler_addl; apply: sumr_ge0 => j _; exact: sqr_ge0.
have parallelogram : norm (v a - v b) ^+ 2 <= 2%:R * (norm (v a) ^+ 2 + norm (v b) ^+ 2).
  apply: (@certified _ (norm (v a + v b) ^+ 2)); first exact: sqr_ge0.
  by rewrite sqr_normB sqr_normD; ring.
rewrite (mulrC 2%:R) -mulrA ler_wpmul2l ?ler0n //.
by apply: le_trans parallelogram _; rewrite ler_wpmul2l ?ler0n.
Qed.

(* the same with distances instead of squared ones *)
Definition distances i : R := \sum_j \sum_j' norm (f i j - f i j').

Lemma pair_le_distances i a b : 2%:R * (m%:R - 1) * norm (f i a - f i b) <= distances i.
Proof.
set D := norm (f i a - f i b).
have [e|ab] := eqVneq b a.
  rewrite /D e subrr norm0 mulr0; apply: sumr_ge0 => j _; apply: sumr_ge0 => j' _; exact: norm_ge0.
have via j : D <= norm (f i a - f i j) + norm (f i b - f i j).
  by apply: le_trans (triangle_via (f i j) _ _) _; rewrite (normB (f i j) (f i b)).
have ends : m%:R * D <= \sum_j norm (f i a - f i j) + \sum_j norm (f i b - f i j).
  rewrite -big_split /= mulr_natl -[X in _ *+ X](card_ord m) -sumr_const.
  by apply: ler_sum => j _; apply: via.
have other j : D <= \sum_j' norm (f i j - f i j').
  have := via j; rewrite ![norm (f i _ - f i j)]normB => le; apply: (le_trans le).
  rewrite (bigD1 a) //= (bigD1 b) //= ler_add2l ler_addl.
  by apply: sumr_ge0 => j' _; apply: norm_ge0.
have rest : m%:R * D = D + (D + \sum_(j < m | (j != a) && (j != b)) D).
  have -> : m%:R * D = \sum_(j < m) D by rewrite sumr_const card_ord mulr_natl.
  by rewrite (bigD1 a) //= (bigD1 b).
have more : \sum_(j < m | (j != a) && (j != b)) D <= \sum_(j < m | (j != a) && (j != b)) \sum_j' norm (f i j - f i j').
  by apply: ler_sum => j _; apply: other.
rewrite /distances (bigD1 a) //= [X in _ <= _ + X](bigD1 b) //=; move: ends rest more.
set A := \sum_j norm (f i a - _); set B := \sum_j norm (f i b - _).
set S := \sum_(j < m | _) D; set T := \sum_(j < m | _) \sum_j' _ => ends rest more.
have -> : 2%:R * (m%:R - 1) * D = m%:R * D + S.
  have -> : 2%:R * (m%:R - 1) * D = m%:R * D + m%:R * D - D - D by ring.
  by rewrite {2}rest; ring.
by rewrite addrA ler_add.
Qed.

End ViewPairs.
