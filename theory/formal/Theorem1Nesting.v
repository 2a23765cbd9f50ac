(* Which form of Theorem 1 certifies whatever another one does:
     corrected => sharp, chord and printed; sharp and chord => cap; cap and printed => exact.
   p = mu_l and q = mu_k are the two means, at most 1 long; the conditions are those of the forms for the pair (l, k). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Geometry Lemma32 Theorem1Cap.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Nesting.
Variables (R : rcfType) (d : nat).
Implicit Types (p q u v e : 'rV[R]_d) (alpha s rho sigma ratio : R).

Definition corrected alpha s p q : Prop := dot p q < threshold (rho_corrected alpha s).
Definition sharp alpha s p q : Prop := dot p q < threshold (rho_sharp alpha s).
Definition printed sigma ratio s p q : Prop := dot p q < threshold (rho_printed sigma ratio s).
Definition by_chord alpha s p q : Prop := 2%:R * chord alpha s < norm (p - q).
Definition by_cap alpha s p q : Prop := forall u, in_cap alpha s p u -> norm (u - p) < norm (u - q).
Definition exact_form alpha s p q : Prop := forall u, compatible alpha s p u -> norm (u - p) < norm (u - q).

Section Pair.
Variables (p q : 'rV[R]_d) (alpha s : R).
Hypotheses (p1 : norm p <= 1) (q1 : norm q <= 1) (alpha0 : 0 <= alpha) (alpha1 : alpha <= 1) (s0 : 0 <= s).

Lemma dot_geN1 : -1 <= dot p q.
Proof. by apply: le_trans (dot_geN p q); rewrite ler_opp2 mulr_ile1 ?norm_ge0. Qed.

(* from rho = 1 on, the threshold is below -1 and no condition is met *)
Lemma met_small_rho rho : dot p q < threshold rho -> rho < 1.
Proof.
move=> lt; rewrite ltNge; apply/negP => rho1; move: lt; rewrite ltNge => /negP; apply.
apply: le_trans dot_geN1; rewrite /threshold.
have root : 1 <= Num.sqrt (2%:R * rho).
  rewrite -[X in X <= _]sqrtr1 ler_wsqrtr //; apply: (le_trans rho1).
  by apply: (@certified _ rho); [exact: le_trans ler01 rho1 | ring].
by apply: (@certified _ ((rho - 1) + (Num.sqrt (2%:R * rho) - 1))); [rewrite addr_ge0 ?subr_ge0 | ring].
Qed.

(* Claim thm-1-nesting: with the six other implications of this file; that no other holds (the separating points) is
   not formal *)
Theorem corrected_sharp : corrected alpha s p q -> sharp alpha s p q.
Proof.
move=> met; have rho1 := met_small_rho met; apply: lt_le_trans met _; apply: threshold_antitone.
have s2 : alpha * s <= alpha * 2%:R.
  have [le|/ltW ge] := leP s 2%:R; first exact: ler_wpmul2l.
  move: rho1; rewrite ltNge => /negP[]; rewrite /rho_corrected.
  apply: (@certified _ (1 + alpha * (s - 2%:R))); last ring.
  by nonneg.
rewrite /rho_sharp /rho_corrected ler_add2l.
apply: (@certified _ ((alpha * 2%:R - alpha * s) * s / 2%:R)); last by field.
by nonneg.
Qed.

(* for means of a class with a member u in its main part and in S_eps: then 1 - rho' <= u.p <= |p| *)
(* Claim thm-1-nesting: norm(mu_l) >= 1 - rho', which a class with a member in its main part and in S_eps has *)
Theorem corrected_chord : 1 - rho_corrected alpha s <= norm p -> corrected alpha s p q -> by_chord alpha s p q.
Proof.
move=> long met; have rho1 := met_small_rho met; set rho := rho_corrected alpha s in long met rho1 *.
rewrite /by_chord ltNge; apply/negP => near.
have s1 : alpha * s <= alpha * 2%:R.
  have [le|/ltW ge] := leP s 2%:R; first exact: ler_wpmul2l.
  move: rho1; rewrite ltNge => /negP[]; rewrite /rho /rho_corrected.
  apply: (@certified _ (1 + alpha * (s - 2%:R))); last ring.
  by nonneg.
have D : chord alpha s <= rho.
  rewrite /chord /rho /rho_corrected.
  have : Num.sqrt ((1 - alpha) ^+ 2 + alpha * s ^+ 2) <= (1 - alpha) + alpha * s.
    apply: le_of_sqr; first by nonneg.
    rewrite sqr_sqrtr; last by nonneg.
    apply: (@certified _ ((1 - alpha) * s * (alpha * 2%:R - alpha * s))); last ring.
    by nonneg.
  by rewrite -subr_ge0 => h; apply: (certified h); ring.
set w := norm p in long *; have w1 : w <= 1 := p1; have w0 : 0 <= w := norm_ge0 p.
have e2 : norm (p - q) <= 2%:R * rho by apply: (le_trans near); rewrite ler_wpmul2l ?ler0n.
have low : w ^+ 2 - 2%:R * w * rho <= dot p q.
  have := dot_le p (p - q); rewrite !dotE -sqr_norm -/w => le.
  have : w * norm (p - q) <= w * (2%:R * rho) by rewrite ler_wpmul2l.
  move=> le'; apply: (@certified _ ((w * norm (p - q) - (w ^+ 2 - dot p q)) + (w * (2%:R * rho) - w * norm (p - q)))).
    by rewrite addr_ge0 ?subr_ge0.
  by ring.
have rho0 : 0 <= rho by rewrite /rho /rho_corrected; nonneg.
set r := Num.sqrt (2%:R * rho); have r0 : 0 <= r by exact: sqrtr_ge0.
have r2 : r ^+ 2 = 2%:R * rho by rewrite sqr_sqrtr // mulr_ge0 ?ler0n.
have rhoE : rho = r ^+ 2 / 2%:R by rewrite r2; field.
move: met; rewrite /corrected -/rho ltNge => /negP; apply; apply: le_trans low; rewrite /threshold -/r.
have [big|/ltW small] := leP 1 r.
  apply: (@certified _ ((w - rho) ^+ 2 + rho * (1 - rho) + (r - 1))); last ring.
  have rho1' := ltW rho1; by nonneg.
have half : 0 <= 1 - 2%:R * rho by rewrite -r2 subr_ge0 exprn_ile1.
have up : 0 <= w - (1 - rho) by rewrite subr_ge0.
apply: (@certified _ ((w - (1 - rho)) * ((w - (1 - rho)) + 2%:R * (1 - 2%:R * rho))
  + r * (3%:R / 4%:R * (r - 4%:R / 5%:R) ^+ 2 * (r + 8%:R / 5%:R) + 3%:R / 50%:R * (1 - r) + 43%:R / 250%:R))).
  by nonneg.
by rewrite rhoE; field.
Qed.

(* Claim thm-1-nesting *)
Theorem sharp_cap : sharp alpha s p q -> by_cap alpha s p q.
Proof.
move=> met u [u1 up _]; rewrite ltNge; apply/negP => closer; move: met.
by rewrite /sharp ltNge (below_threshold u1 p1 up closer).
Qed.

(* Claim thm-1-nesting *)
Theorem chord_cap : by_chord alpha s p q -> by_cap alpha s p q.
Proof.
move=> met u [u1 _ ball]; rewrite ltNge; apply/negP => closer; move: met.
rewrite /by_chord ltNge (beyond_chord _ closer) //; apply: le_of_sqr.
  by rewrite /chord addr_ge0 ?subr_ge0 ?sqrtr_ge0.
rewrite sqr_normB u1 expr1n; apply: (@certified _ (2%:R * dot u p - (1 + norm p ^+ 2 - chord alpha s ^+ 2))).
  by rewrite subr_ge0.
by ring.
Qed.

Lemma compatible_in_cap u : compatible alpha s p u -> in_cap alpha s p u.
Proof.
move=> [u1 [v [e [pE v1 uv e1]]]]; split=> //.
  have ue : - (1 - alpha) <= dot u e.
    by apply: le_trans (dot_geN u e); rewrite ler_opp2 u1 mul1r.
  rewrite pE dotDr dotZr /rho_sharp.
  apply: (@certified _ (alpha * (dot u v - (1 - s ^+ 2 / 2%:R)) + (dot u e + (1 - alpha)))); last by field.
  by rewrite addr_ge0 ?mulr_ge0 ?subr_ge0 // -[X in _ + X]opprK subr_ge0.
have near : norm (u - p) <= chord alpha s.
  rewrite pE opprD addrA /chord [X in _ <= X]addrC.
  apply: le_trans (triangle _ _) _; rewrite normN ler_add //.
  apply: le_of_sqr; rewrite ?sqrtr_ge0 // [X in _ <= X]sqr_sqrtr; last by nonneg.
  rewrite sqr_normB u1 expr1n dotZr normZ ger0_norm //.
  have v2 : norm v ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0.
  apply: (@certified _ (2%:R * alpha * (dot u v - (1 - s ^+ 2 / 2%:R)) + alpha ^+ 2 * (1 - norm v ^+ 2))).
    by nonneg.
  by field.
have := sqr_le (norm_ge0 _) near; rewrite sqr_normB u1 expr1n => le.
apply: (@certified _ (chord alpha s ^+ 2 - (1 - 2%:R * dot u p + norm p ^+ 2))); last ring.
by rewrite subr_ge0.
Qed.

(* Claim thm-1-nesting *)
Theorem cap_exact : by_cap alpha s p q -> exact_form alpha s p q.
Proof. by move=> met u /compatible_in_cap; apply: met. Qed.

End Pair.

(* alpha = max(0, sigma - R_eps / p_l), the ratio R_eps / p_l being the same in the printed form *)
Section Printed.
Variables (p q : 'rV[R]_d) (sigma ratio s : R).
Hypotheses (p1 : norm p <= 1) (q1 : norm q <= 1) (sigma0 : 0 <= sigma) (sigma1 : sigma <= 1) (ratio0 : 0 <= ratio).
Hypothesis s0 : 0 <= s.
Let alpha : R := Num.max 0 (sigma - ratio).

Lemma alpha_range : 0 <= alpha /\ alpha <= 1.
Proof.
rewrite /alpha le_maxr lexx le_maxl ler01 /=; split=> //.
by rewrite ler_subl_addr (le_trans sigma1) // ler_addl.
Qed.

(* Claim thm-1-nesting *)
Theorem corrected_printed : corrected alpha s p q -> printed sigma ratio s p q.
Proof.
move=> met; have rho1 := met_small_rho p1 q1 met; have [alpha0 alpha1] := alpha_range.
apply: lt_le_trans met _; apply: threshold_antitone; rewrite /rho_printed /rho_corrected in rho1 *.
have pos : 0 < alpha.
  rewrite lt_def alpha0 andbT; apply: contraTneq rho1 => ->.
  by rewrite -leNgt mul0r addr0 subr0 mulr1 ler1n.
have alphaE : alpha = sigma - ratio.
  by apply/eqP; move: pos; rewrite /alpha lt_maxr ltxx /= => /ltW pos; rewrite max_r.
have s1 : s <= 1.
  rewrite leNgt; apply/negP => s1; move: rho1; rewrite ltNge => /negP; apply.
  apply: (@certified _ ((1 - alpha) + alpha * (s - 1))); last ring.
  by have s1' := ltW s1; nonneg.
rewrite alphaE; apply: (@certified _ (ratio * (1 - s))); last ring.
by nonneg.
Qed.

(* Claim thm-1-nesting *)
Theorem printed_exact : printed sigma ratio s p q -> exact_form alpha s p q.
Proof.
move=> met u [u1 [v [e [pE v1 uv e1]]]]; have [alpha0 alpha1] := alpha_range.
rewrite ltNge; apply/negP => closer; move: met; rewrite /printed ltNge => /negP; apply.
have low : sigma - ratio <= alpha by rewrite /alpha le_maxr lexx orbT.
apply: (@below_printed_threshold _ _ u _ _ (1 - alpha)) closer => //.
- by rewrite subr_ge0.
- rewrite /rho_printed; apply: (@certified _ ((alpha - (sigma - ratio)) + ((1 - sigma) + sigma * s))); last ring.
  by nonneg.
move=> rho1.
have s1 : s <= 1.
  rewrite leNgt; apply/negP => s1; move: rho1; rewrite ltNge => /negP; apply; rewrite /rho_printed.
  apply: (@certified _ (ratio + (1 - sigma) + sigma * (s - 1))); last ring.
  have s1' := ltW s1; by nonneg.
have s_rho : s <= rho_printed sigma ratio s - (1 - alpha).
  rewrite /rho_printed; apply: (@certified _ ((alpha - (sigma - ratio)) + (1 - sigma) * (1 - s))); last ring.
  by nonneg.
have vu : norm (v - u) <= s.
  apply: le_of_sqr => //; rewrite sqr_normB u1 (dotC v u).
  have v2 : norm v ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0.
  apply: (@certified _ (2%:R * (dot u v - (1 - s ^+ 2 / 2%:R)) + (1 - norm v ^+ 2))); last by field.
  by nonneg.
have -> : 1 - (1 - alpha) = alpha by ring.
have -> : p - alpha *: u = alpha *: (v - u) + e by rewrite pE scalerBr addrAC.
apply: le_trans (triangle _ _) _; rewrite /reach (_ : 1 - (1 - alpha) = alpha); last ring.
rewrite [X in _ <= X]addrC; apply: ler_add e1; rewrite normZ ger0_norm // ler_wpmul2l //.
exact: le_trans vu s_rho.
Qed.

End Printed.
End Nesting.
