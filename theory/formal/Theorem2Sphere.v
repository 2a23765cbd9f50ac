(* Theorem 2 of Huang et al. (ICLR 2023) for m uniform views whose features lie on the unit sphere: every further view of a
   misaligned sample is off one of the two ends by what a point of the sphere must be. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ViewPairs.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section TwoEnds.
Variables (R : rcfType) (m : nat) (h : 'I_m -> 'I_m -> R) (a b : 'I_m) (g : R).
Hypotheses (h_ge0 : forall i j, 0 <= h i j) (h_sym : forall i j, h i j = h j i) (ab : b != a).
Hypothesis third : forall c, c != a -> c != b -> g <= h c a + h c b.

Lemma two_ends : 2%:R * h a b + 2%:R * ((m%:R - 2%:R) * g) <= \sum_i \sum_j h i j.
Proof.
have rest : (m%:R - 2%:R) * g = \sum_(j < m | (j != a) && (j != b)) g.
  have -> : (m%:R - 2%:R) * g = \sum_(j < m) g - g - g by rewrite sumr_const card_ord -[g *+ m]mulr_natl; ring.
  by rewrite (bigD1 a) //= (bigD1 b) //= addrAC subrr add0r addrAC subrr add0r.
have ends : 2%:R * h a b + \sum_(j < m | (j != a) && (j != b)) g <= \sum_j h a j + \sum_j h b j.
  rewrite -big_split [X in _ <= X](bigD1 a) //= [X in _ <= _ + X](bigD1 b) //= addrA; apply: ler_add.
    apply: (@certified _ (h a a + h b b)); first exact: addr_ge0.
    by rewrite (h_sym b a); move: (h a a) (h b b) (h a b) => x y z; ring.
  by apply: ler_sum => c /andP[ca cb]; rewrite (h_sym a c) (h_sym b c) third.
have rows : \sum_(j < m | (j != a) && (j != b)) g <= \sum_(j < m | (j != a) && (j != b)) \sum_j' h j j'.
  apply: ler_sum => c /andP[ca cb]; apply: le_trans (third ca cb) _.
  by rewrite (bigD1 a) //= (bigD1 b) //= ler_add2l ler_addl; apply: sumr_ge0 => j _.
rewrite [X in _ <= X](bigD1 a) //= [X in _ <= _ + X](bigD1 b) //= addrA.
move: rest ends rows; set S := \sum_(j < m | _) g; move: S => S rest ends rows.
apply: le_trans (ler_add ends rows); rewrite rest le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

End TwoEnds.

Section Theorem2Sphere.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable eps : R.
Hypotheses (eps_gt0 : 0 < eps) (unit_f : unit_features f) (m_gt1 : (1 < m)%N).

(* what |a - c|^2 + |b - c|^2 is at least, for a and b that are eps apart and c on the sphere *)
Definition third_view : R := 2%:R * (2%:R - Num.sqrt (4%:R - eps ^+ 2)).

Lemma third_view_ge0 : 0 <= third_view.
Proof.
rewrite mulr_ge0 ?ler0n // subr_ge0; have -> : 2%:R = Num.sqrt (2%:R ^+ 2) :> R by rewrite sqrtr_sqr ger0_norm ?ler0n.
by apply: ler_wsqrtr; apply: (@certified _ (eps ^+ 2)); [exact: sqr_ge0 | ring].
Qed.

Lemma third_view_le i a b c : eps <= norm (f i a - f i b) ->
  third_view <= norm (f i c - f i a) ^+ 2 + norm (f i c - f i b) ^+ 2.
Proof.
move=> apart; set u := f i a; set v := f i b; set w := f i c.
have [u1 v1 w1] : [/\ norm u = 1, norm v = 1 & norm w = 1] by split; exact: unit_f.
have sum_norm : norm (u + v) ^+ 2 = 4%:R - norm (u - v) ^+ 2.
  by rewrite sqr_normD sqr_normB u1 v1 !expr1n; move: (dot u v) => x; ring.
have short : norm (u + v) <= Num.sqrt (4%:R - eps ^+ 2).
  rewrite -[norm (u + v)]ger0_norm ?norm_ge0 // -sqrtr_sqr ler_wsqrtr // sum_norm ler_add2l ler_opp2.
  exact: sqr_le (ltW eps_gt0) apart.
have := dot_le w (u + v); rewrite w1 mul1r dotDr => le.
rewrite !sqr_normB u1 v1 w1 !expr1n /third_view.
apply: (@certified _ (2%:R * (norm (u + v) - (dot w u + dot w v)) + 2%:R * (Num.sqrt (4%:R - eps ^+ 2) - norm (u + v)))).
  by rewrite addr_ge0 ?mulr_ge0 ?ler0n ?subr_ge0.
by move: (norm (u + v)) (dot w u) (dot w v) (Num.sqrt _) => x y z s; ring.
Qed.

(* Claim thm-2-disc-sphere: r = 1; eps <= 2 is not needed; that the bound is attained, and g >= eps^2/2, are not
   formal *)
Theorem theorem_2_uniform_views_sphere :
  misaligned_share f eps <= m%:R ^+ 2 / (2%:R * (eps ^+ 2 + (m%:R - 2%:R) * third_view)) * alignment f.
Proof.
set g := third_view; have g0 : 0 <= g := third_view_ge0.
have m2 : 0 <= m%:R - 2%:R :> R by rewrite subr_ge0 ler_nat.
set e := eps ^+ 2 + (m%:R - 2%:R) * g.
have e_pos : 0 < e by rewrite ltr_paddr ?exprn_gt0 // mulr_ge0.
have [n0|n_gt0] := posnP n.
  have z : n%:R = 0 :> R by rewrite n0.
  by rewrite /misaligned_share /share alignment_sums z invr0 mul0r !mulr0.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have m_pos : 0 < m%:R :> R by rewrite ltr0n ltnW.
have markov : #|~: aligned f eps|%:R * (2%:R * e) <= \sum_i pairs f i.
  rewrite mulr_natl -sumr_const [X in _ <= X](bigID (mem (~: aligned f eps))) /=.
  rewrite -[X in X <= _]addr0 ler_add //; last by apply: sumr_ge0 => i _; apply: pairs_ge0.
  apply: ler_sum => i; rewrite !inE negb_forall => /existsP[a]; rewrite negb_forall => /existsP[b].
  rewrite -ltNge => far; have ab : b != a.
    by apply: contraTneq far => ->; rewrite subrr norm0 -leNgt ltW.
  apply: le_trans (_ : 2%:R * norm (f i a - f i b) ^+ 2 + 2%:R * ((m%:R - 2%:R) * g) <= _).
    rewrite /e mulrDr ler_add2r ler_wpmul2l ?ler0n //; exact: sqr_le (ltW eps_gt0) (ltW far).
  apply: (two_ends (h := fun j j' => norm (f i j - f i j') ^+ 2)) => // [j j'|j j'|c _ _].
  - exact: sqr_ge0.
  - by rewrite normB.
  exact: third_view_le (ltW far).
rewrite /misaligned_share /share alignment_sums -mulr_sumr ler_pdivr_mulr //.
move: markov; set S := \sum_i pairs f i => markov.
have -> : m%:R ^+ 2 / (2%:R * e) * (n%:R^-1 * (m%:R ^- 2 * S)) * n%:R = S / (2%:R * e).
  by move: (e) e_pos => x x0; field; rewrite !gt_eqF.
by rewrite ler_pdivl_mulr // mulr_gt0 ?ltr0n.
Qed.

End Theorem2Sphere.
