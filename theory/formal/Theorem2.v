(* Theorem 2 of Huang et al. (ICLR 2023) for m uniform views: the misaligned share from the alignment, with the factor
   m^2 / 2 when one pair of views is counted, and m when all pairs are. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ViewPairs.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem2.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable eps : R.
Hypothesis eps_gt0 : 0 < eps.

Local Notation pairs := (pairs f).

(* the two ordered pairs of the views that are too far apart *)
Lemma misaligned_pairs i : i \notin aligned f eps -> 2%:R * eps ^+ 2 <= pairs i.
Proof.
rewrite inE negb_forall => /existsP[a]; rewrite negb_forall => /existsP[b].
rewrite -ltNge => far; have ab : (b, a) != (a, b).
  by apply: contraTneq far => -[-> _]; rewrite subrr norm0 -leNgt ltW.
rewrite /pairs pair_big /= (bigD1 (a, b)) //= (bigD1 (b, a)) //= addrA.
have e2 : eps ^+ 2 <= norm (f i a - f i b) ^+ 2 by apply: sqr_le (ltW eps_gt0) (ltW far).
rewrite -[X in X <= _]addr0 ler_add //; last by apply: sumr_ge0 => p _; apply: sqr_ge0.
by rewrite (normB (f i b)) -[2%:R]/(1 + 1) mulrDl mul1r ler_add.
Qed.

(* Claim thm-2-disc *)
Theorem theorem_2_uniform_views : misaligned_share f eps <= m%:R ^+ 2 / 2%:R * (alignment f / eps ^+ 2).
Proof.
have [n0|n_gt0] := posnP n.
  have z : n%:R = 0 :> R by rewrite n0.
  by rewrite /misaligned_share /share alignment_sums z invr0 mulr0 !mul0r mulr0.
have [m0|m_gt0] := posnP m.
  have z : m%:R = 0 :> R by rewrite m0.
  have none : ~: aligned f eps = set0.
    apply/setP => i; rewrite !inE; apply/negbTE/negPn/forallP => j.
    by exfalso; have := leq_ltn_trans (leq0n j) (ltn_ord j); rewrite m0.
  by rewrite /misaligned_share /share none cards0 z expr0n !mul0r.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have markov : #|~: aligned f eps|%:R * (2%:R * eps ^+ 2) <= \sum_i pairs i.
  rewrite mulr_natl -sumr_const [X in _ <= X](bigID (mem (~: aligned f eps))) /=.
  rewrite -[X in X <= _]addr0 ler_add //; last by apply: sumr_ge0 => i _; apply: pairs_ge0.
  by apply: ler_sum => i; rewrite inE => /misaligned_pairs.
rewrite /misaligned_share /share alignment_sums -mulr_sumr -/pairs.
have e0 : eps ^+ 2 != 0 by rewrite expf_neq0 // gt_eqF.
rewrite ler_pdivr_mulr //; set S := \sum_i _ in markov *.
have -> : m%:R ^+ 2 / 2%:R * (n%:R^-1 * (m%:R^-2 * S) / eps ^+ 2) * n%:R = S / (2%:R * eps ^+ 2).
  by field; rewrite !gt_eqF // ?e0.
by rewrite ler_pdivl_mulr ?mulr_gt0 ?ltr0n ?exprn_gt0.
Qed.

End Theorem2.

Section Theorem2Sharp.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable eps : R.
Hypothesis eps_gt0 : 0 < eps.

Local Notation pairs := (pairs f).

Lemma misaligned_pairs_sharp i : i \notin aligned f eps -> m%:R * eps ^+ 2 <= pairs i.
Proof.
rewrite inE negb_forall => /existsP[a]; rewrite negb_forall => /existsP[b]; rewrite -ltNge => far.
apply: le_trans (pair_le_pairs f i a b); rewrite ler_wpmul2l ?ler0n //.
exact: sqr_le (ltW eps_gt0) (ltW far).
Qed.

(* Claim thm-2-disc-sharp: that the factor is the best is not formal *)
Theorem theorem_2_uniform_views_sharp : misaligned_share f eps <= m%:R * (alignment f / eps ^+ 2).
Proof.
have [n0|n_gt0] := posnP n.
  have z : n%:R = 0 :> R by rewrite n0.
  by rewrite /misaligned_share /share alignment_sums z invr0 mulr0 !mul0r mulr0.
have [m0|m_gt0] := posnP m.
  have z : m%:R = 0 :> R by rewrite m0.
  have none : ~: aligned f eps = set0.
    apply/setP => i; rewrite !inE; apply/negbTE/negPn/forallP => j.
    by exfalso; have := leq_ltn_trans (leq0n j) (ltn_ord j); rewrite m0.
  by rewrite /misaligned_share /share none cards0 z !mul0r.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have markov : #|~: aligned f eps|%:R * (m%:R * eps ^+ 2) <= \sum_i pairs i.
  rewrite mulr_natl -sumr_const [X in _ <= X](bigID (mem (~: aligned f eps))) /=.
  rewrite -[X in X <= _]addr0 ler_add //; last by apply: sumr_ge0 => i _; apply: pairs_ge0.
  by apply: ler_sum => i; rewrite inE => /misaligned_pairs_sharp.
rewrite /misaligned_share /share alignment_sums -mulr_sumr -/pairs.
have e0 : eps ^+ 2 != 0 by rewrite expf_neq0 // gt_eqF.
rewrite ler_pdivr_mulr //; set S := \sum_i _ in markov *.
have -> : m%:R * (n%:R^-1 * (m%:R ^- 2 * S) / eps ^+ 2) * n%:R = S / (m%:R * eps ^+ 2).
  by field; rewrite !gt_eqF // ?e0.
by rewrite ler_pdivl_mulr ?mulr_gt0 ?ltr0n ?exprn_gt0.
Qed.

End Theorem2Sharp.

Section Theorem2Distance.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable eps : R.
Hypothesis eps_gt0 : 0 < eps.

(* E |f(x1) - f(x2)| *)
Definition view_distance : R := average (fun i => average (fun j => average (fun j' => norm (f i j - f i j')))).

Lemma view_distance_sums : view_distance = n%:R^-1 * (\sum_i (m%:R ^- 2 * distances f i)).
Proof.
rewrite /view_distance /average !card_ord; congr (_ * _); apply: eq_bigr => i _.
rewrite expr2 invfM -mulrA; congr (_ * _); rewrite mulr_sumr.
by apply: eq_bigr => j _.
Qed.

(* Claims thm-2-disc, thm-2-disc-sharp: with the smaller factor of thm-2-disc-sharp *)
Theorem theorem_2_uniform_views_distance : (1 < m)%N ->
  misaligned_share f eps <= m%:R ^+ 2 / (2%:R * (m%:R - 1)) * (view_distance / eps).
Proof.
move=> m_gt1; have m_pos : 0 < m%:R :> R by rewrite ltr0n ltnW.
have m1_pos : 0 < m%:R - 1 :> R by rewrite subr_gt0 ltr1n.
have [n0|n_gt0] := posnP n.
  have z : n%:R = 0 :> R by rewrite n0.
  by rewrite /misaligned_share /share view_distance_sums z invr0 mulr0 !mul0r mulr0.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have markov : #|~: aligned f eps|%:R * (2%:R * (m%:R - 1) * eps) <= \sum_i distances f i.
  rewrite mulr_natl -sumr_const [X in _ <= X](bigID (mem (~: aligned f eps))) /=.
  rewrite -[X in X <= _]addr0 ler_add //; last first.
    by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; apply: sumr_ge0 => j' _; apply: norm_ge0.
  apply: ler_sum => i; rewrite !inE negb_forall => /existsP[a]; rewrite negb_forall => /existsP[b]; rewrite -ltNge => far.
  apply: le_trans (pair_le_distances f i a b); rewrite ler_wpmul2l ?(ltW far) //.
  by rewrite mulr_ge0 ?ler0n // ltW.
rewrite /misaligned_share /share view_distance_sums -mulr_sumr ler_pdivr_mulr //; set S := \sum_i _ in markov *.
have -> : m%:R ^+ 2 / (2%:R * (m%:R - 1)) * (n%:R^-1 * (m%:R ^- 2 * S) / eps) * n%:R = S / (2%:R * (m%:R - 1) * eps).
  by field; rewrite !gt_eqF.
by rewrite ler_pdivl_mulr // !mulr_gt0 ?ltr0n.
Qed.

End Theorem2Distance.
