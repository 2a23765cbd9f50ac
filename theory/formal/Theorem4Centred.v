(* Theorem 4 of Huang et al. (ICLR 2023) for centred features, E f = 0. Its right side cannot fall below 1 / sqrt(p_k p_l), hence
   not below K for some pair of classes, and the factor 1/2 does where 2 is printed. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Theorem3Sharp Theorem4 Theorem4Spread.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* u^T A u *)
Definition form (R : rcfType) (d : nat) (A : 'M[R]_d) (u : 'rV[R]_d) : R := \sum_a \sum_b A a b * (u 0 a * u 0 b).

Section Forms.
Variables (R : rcfType) (d : nat).
Implicit Types (A B : 'M[R]_d) (u : 'rV[R]_d).

Lemma formD A B u : form (A + B) u = form A u + form B u.
Proof.
rewrite /form -big_split; apply: eq_bigr => a _; rewrite -big_split; apply: eq_bigr => b _ /=.
by rewrite mxE mulrDl.
Qed.

Lemma form_gram (I : finType) (y : I -> 'rV[R]_d) A u :
  (forall a b, A a b = \sum_i y i 0 a * y i 0 b) -> form A u = \sum_i dot (y i) u ^+ 2.
Proof.
move=> entry; rewrite /form.
transitivity (\sum_a \sum_b \sum_i (y i 0 a * u 0 a) * (y i 0 b * u 0 b)).
  by apply: eq_bigr => a _; apply: eq_bigr => b _; rewrite entry mulr_suml; apply: eq_bigr => i _; rewrite mulrACA.
under eq_bigr do rewrite exchange_big; rewrite exchange_big; apply: eq_bigr => i _ /=.
by rewrite expr2 /dot big_distrlr.
Qed.

Lemma form_1 u : form (- 1%:M) u = - dot u u.
Proof.
rewrite /form /dot -sumrN; apply: eq_bigr => a _; rewrite (bigD1 a) //= big1 => [|b ba].
  by rewrite !mxE eqxx addr0 mulN1r.
by rewrite !mxE eq_sym (negbTE ba) oppr0 mul0r.
Qed.

(* (u^T A u)^2 <= |A|_F^2 |u|^4 *)
Lemma sqr_form_le A u : form A u ^+ 2 <= sqr_frobenius A * dot u u ^+ 2.
Proof.
pose Au : 'rV[R]_d := \row_a dot (row a A) u.
have -> : form A u = dot Au u.
  rewrite /form /dot; apply: eq_bigr => a _; rewrite mxE /dot mulr_suml; apply: eq_bigr => b _.
  by rewrite mxE; ring.
have cs (x y : 'rV[R]_d) : dot x y ^+ 2 <= dot x x * dot y y.
  by rewrite -!sqr_norm -exprMn -[X in X <= _]real_normK ?num_real // sqr_le ?cauchy_schwarz.
apply: le_trans (cs _ _) _; rewrite [X in _ <= _ * X]expr2 mulrA ler_wpmul2r ?dot_ge0 //.
rewrite /sqr_frobenius mulr_suml; apply: ler_sum => a _; rewrite mxE -expr2.
apply: le_trans (cs _ _) _; rewrite ler_wpmul2r ?dot_ge0 // le_eqVlt; apply/orP; left; apply/eqP.
by apply: eq_bigr => b _; rewrite mxE expr2.
Qed.

Lemma four_entries A k l : k != l -> A k k ^+ 2 + A l l ^+ 2 + A k l ^+ 2 + A l k ^+ 2 <= sqr_frobenius A.
Proof.
move=> kl; have lk : l != k by rewrite eq_sym.
rewrite /sqr_frobenius (bigD1 k) //= [X in _ <= _ + X](bigD1 l) //= addrA.
have rest i (P : pred 'I_d) : 0 <= \sum_(j | P j) A i j ^+ 2 by apply: sumr_ge0 => j _; apply: sqr_ge0.
apply: ler_paddr; first by apply: sumr_ge0 => i _; apply: rest.
rewrite (bigD1 k) //= [X in _ <= _ + X + _](bigD1 l) //= [X in _ <= _ + X](bigD1 l) //= [X in _ <= _ + (_ + X)](bigD1 k) //=.
have r1 := rest k (fun j => (j != k) && (j != l)); have r2 := rest l (fun j => (j != l) && (j != k)).
apply: (certified (addr_ge0 r1 r2)).
by move: (\sum_(j | _) _) (\sum_(j | _) _) (A k k) (A l l) (A k l) (A l k) => s t x y z u; ring.
Qed.

End Forms.

(* the inequality between four numbers that the factor 1/2 comes down to. y = x_k.x_l for x = sqrt(p) mu; gk, gl = |x|^2; vk, vl =
   sqrt(p); T = sum_j (x_j.(x_k + x_l))^2; Z and N are the two parts of twice the right side, less 1 *)
Section Numbers.
Variable R : rcfType.

Lemma half_suffices (y gk gl vk vl T N Z : R) (W := gk + gl + 2%:R * y) (D := 2%:R - (vk + vl) ^+ 2)
    (Zk := gk - 1 + vk ^+ 2) (Zl := gl - 1 + vl ^+ 2) :
  0 <= y -> 0 <= vk -> 0 <= vl -> vk ^+ 2 + vl ^+ 2 <= 1 -> 0 <= gk + gl - 2%:R * y -> 0 <= W -> 0 <= T -> 0 <= N ->
  W ^+ 2 <= T * D ->
  (0 <= T - W -> (T - W) ^+ 2 <= N * W ^+ 2) ->
  Zk ^+ 2 + Zl ^+ 2 + 2%:R * (y + vk * vl) ^+ 2 <= Z ->
  4%:R * y ^+ 2 <= 1 + Z + N.
Proof.
move=> y0 vk0 vl0 vv near W0 T0 N0 cs reach entries.
have D0 : 0 <= D.
  apply: (@certified _ (2%:R * (1 - (vk ^+ 2 + vl ^+ 2)) + (vk - vl) ^+ 2)); last by rewrite /D; ring.
  by rewrite addr_ge0 ?sqr_ge0 // mulr_ge0 ?ler0n // subr_ge0.
set a := W - D; set b := gk + gl - 2%:R * y - 2%:R + (vk - vl) ^+ 2.
have b2 : 0 <= b + 2%:R by apply: (certified (addr_ge0 near (sqr_ge0 (vk - vl)))); rewrite /b; ring.
have yab : 4%:R * y <= a - b.
  by apply: (@certified _ (4%:R * (vk * vl))); [rewrite mulr_ge0 ?ler0n // mulr_ge0 | rewrite /a /b /W /D; ring].
have {}entries : (a ^+ 2 + b ^+ 2) / 4%:R <= Z.
  apply: le_trans entries; apply: (@certified _ ((Zk - Zl) ^+ 2 / 2%:R)).
    by rewrite divr_ge0 ?sqr_ge0 ?ler0n.
  by rewrite /a /b /Zk /Zl /W /D; field.
have y04 : 0 <= 4%:R * y by rewrite mulr_ge0 ?ler0n.
have four : (4%:R * y) ^+ 2 = 4%:R * (4%:R * y ^+ 2) by ring.
apply: (@scaled_le _ 4%:R); rewrite ?ltr0n // -four.
have [a0|a0] := leP 0 a; last first.
  have le2 : 4%:R * y <= 2%:R.
    apply: le_trans yab _; apply: (@certified _ ((b + 2%:R) + (- a))); last by ring.
    by apply: addr_ge0 => //; rewrite oppr_ge0 ltW.
  apply: le_trans (sqr_le y04 le2) _.
  have Z0 : 0 <= Z by apply: le_trans entries; apply: divr_ge0; [apply: addr_ge0; exact: sqr_ge0 | exact: ler0n].
  by apply: (@certified _ (4%:R * Z + 4%:R * N)); [rewrite addr_ge0 // mulr_ge0 ?ler0n | ring].
have big : a ^+ 2 <= 4%:R * N.
  have [z|W_neq0] := eqVneq W 0.
    have a_le0 : a <= 0 by rewrite /a z sub0r oppr_le0.
    have -> : a = 0 by apply/eqP; rewrite eq_le a_le0.
    by rewrite expr0n mulr_ge0 ?ler0n.
  have W_pos : 0 < W by rewrite lt_def W_neq0.
  have D_pos : 0 < D.
    rewrite lt_def D0 andbT; apply/eqP => z; move: cs; rewrite z mulr0 => le.
    by move: W_neq0; rewrite -sqrf_eq0 eq_le le sqr_ge0.
  have far : W * a / 2%:R <= T - W.
    apply: (@scaled_le _ D) => //.
    have half : 0 <= 1 - D / 2%:R.
      apply: (@certified _ ((vk + vl) ^+ 2 / 2%:R)); first by rewrite divr_ge0 ?sqr_ge0 ?ler0n.
      by rewrite /D; field.
    apply: (@certified _ ((T * D - W ^+ 2) + W * a * (1 - D / 2%:R))); last by rewrite /a; field.
    by rewrite addr_ge0 ?subr_ge0 // mulr_ge0 // mulr_ge0.
  have Wa0 : 0 <= W * a / 2%:R by rewrite divr_ge0 ?ler0n // mulr_ge0.
  have := le_trans (sqr_le Wa0 far) (reach (le_trans Wa0 far)) => le.
  apply: (@scaled_le _ (W ^+ 2)); first by rewrite exprn_gt0.
  by apply: (@certified _ (4%:R * (N * W ^+ 2 - (W * a / 2%:R) ^+ 2))); [rewrite mulr_ge0 ?ler0n ?subr_ge0 | field].
apply: le_trans (sqr_le y04 yab) _.
apply: (@certified _ (4%:R * (Z - (a ^+ 2 + b ^+ 2) / 4%:R) + (4%:R * N - a ^+ 2) + (a - 2%:R) ^+ 2 + 2%:R * a * (b + 2%:R))).
  apply: addr_ge0; last by apply: mulr_ge0 b2; apply: mulr_ge0 a0; exact: ler0n.
  by apply: addr_ge0 (sqr_ge0 _); apply: addr_ge0; rewrite ?subr_ge0 //; apply: mulr_ge0; rewrite ?ler0n ?subr_ge0.
by field.
Qed.

End Numbers.

Section Centred.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).
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

Lemma sqr_products : 0 <= dot (x k) (x l) -> 4%:R * dot (x k) (x l) ^+ 2 <= 2%:R * B.
Proof.
move=> y0; apply: le_trans right_side_ge.
pose W := x k + x l; have WE : W = x k + x l by [].
have WW : dot W W = dot (x k) (x k) + dot (x l) (x l) + 2%:R * dot (x k) (x l).
  by rewrite /W !dotDl !dotDr (dotC (x l) (x k)); move: (dot _ _) (dot _ _) (dot _ _) => s t u; ring.
clearbody W; have [T TE] : exists T : 'rV[R]_K, forall j, T 0 j = dot (x j) W by exists (\row_j dot (x j) W) => j; rewrite mxE.
have [vv vvE] : exists vv : 'rV[R]_K, forall j, vv 0 j = v j by exists (\row_j v j) => j; rewrite mxE.
have dot_delta (u : 'rV[R]_K) j : dot u (delta_mx 0 j) = u 0 j.
  rewrite /dot (bigD1 j) //= big1 => [|i ij]; first by rewrite !mxE !eqxx mulr1 addr0.
  by rewrite !mxE eqxx (negbTE ij) mulr0.
have Tv : dot T vv = 0.
  transitivity (dot W (\sum_j v j *: x j)); last by rewrite sum_weighted_means dot0r.
  rewrite dot_sumr /dot; apply: eq_bigr => j _; rewrite TE vvE -/(dot W (v j *: x j)) [RHS]dotZr mulrC.
  by congr (_ * _); exact: dotC.
have vv1 : dot vv vv = 1.
  by rewrite -sum_shares /dot; apply: eq_bigr => j _; rewrite vvE -expr2 sqr_v.
pose e : 'rV[R]_K := delta_mx 0 k + delta_mx 0 l - (v k + v l) *: vv.
have cs : dot W W ^+ 2 <= dot T T * (2%:R - (v k + v l) ^+ 2).
  have -> : dot W W = dot T e.
    rewrite /e !dotDr dotNr dotZr Tv !dot_delta !TE mulr0 subr0 -dotDl -WE.
    by [].
  have -> : 2%:R - (v k + v l) ^+ 2 = dot e e.
    have hot i j : (delta_mx 0 i : 'rV[R]_K) 0 j = (j == i)%:R by rewrite mxE eqxx.
    rewrite /e !dotDl !dotDr !dotNl !dotNr !dotZl !dotZr !dot_delta !(dotC (delta_mx 0 _) vv) !dot_delta vv1 !vvE !hot.
    rewrite !eqxx (negbTE kl) eq_sym (negbTE kl) /=; ring.
  by rewrite -!sqr_norm -exprMn -[X in X <= _]real_normK ?num_real // sqr_le ?cauchy_schwarz.
have formM : form M W = dot T T.
  rewrite (@form_gram _ _ _ (fun j => x j)) => [|a b].
    by rewrite /dot; apply: eq_bigr => j _; rewrite TE expr2.
  have entry (u : 'rV[R]_d) c r : (r *: u) 0 c = r * u 0 c by rewrite mxE.
  rewrite mxE; apply: eq_bigr => j _; rewrite [X in _ = X * _]entry [X in _ = _ * X]entry [RHS]mulrACA -expr2 sqr_v.
  by [].
have formS : 0 <= form S W.
  pose dev i := average_vector (f i) - mean (label i).
  rewrite (@form_gram _ _ _ (fun i => Num.sqrt n%:R^-1 *: dev i)) => [|a b].
    by apply: sumr_ge0 => i _; apply: sqr_ge0.
  have entry (u : 'rV[R]_d) c r : (r *: u) 0 c = r * u 0 c by rewrite mxE.
  rewrite deviation_matrix [LHS]mxE [X in _ * X]mxE mulr_sumr; apply: eq_bigr => i _.
  rewrite [X in _ = X * _]entry [X in _ = _ * X]entry mulrACA -expr2 sqr_sqrtr ?invr_ge0 ?ler0n //.
  by congr (_ * (_ * _)); [rewrite [LHS]mxE | rewrite [LHS]mxE [LHS]mxE].
have reach : 0 <= dot T T - dot W W ->
    (dot T T - dot W W) ^+ 2 <= sqr_frobenius (S + S + (M - 1%:M)) * dot W W ^+ 2.
  move=> T0; apply: le_trans (sqr_form_le _ _); apply: sqr_le => //.
  by rewrite (formD (S + S)) (formD S S) (formD M) formM form_1 ler_addr addr_ge0.
have root j : 0 <= v j := sqrtr_ge0 _.
have vvl : v k ^+ 2 + v l ^+ 2 <= 1.
  rewrite !sqr_v -sum_shares (bigD1 k) //= (bigD1 l) 1?eq_sym //= ler_add2l ler_addl.
  by apply: sumr_ge0 => j _; apply: share_ge0.
have near : 0 <= dot (x k) (x k) + dot (x l) (x l) - 2%:R * dot (x k) (x l).
  have := dot_ge0 (x k - x l); rewrite !dotDl !dotDr !dotNl !dotNr (dotC (x l) (x k)) opprK => h.
  by apply: le_trans h _; rewrite le_eqVlt; apply/orP; left; apply/eqP; move: (dot _ _) (dot _ _) (dot _ _) => s t u; ring.
have entries := four_entries Z kl.
have ZE i j : Z i j = dot (x i) (x j) - (i == j)%:R + v i * v j by rewrite mxE [Y i j]mxE.
rewrite !ZE !eqxx (negbTE kl) (eq_sym l) (negbTE kl) (dotC (x l) (x k)) /= in entries.
move: cs reach; rewrite WW => cs reach.
apply: (half_suffices y0 (root k) (root l) vvl near _ (dot_ge0 T) (sqr_frobenius_ge0 _) cs reach).
  by rewrite -WW dot_ge0.
apply: le_trans entries; rewrite le_eqVlt mulr1n mulr0n subr0; apply/orP; left; apply/eqP.
by set y := dot (x k) (x l); set a := dot (x k) (x k); set b := dot (x l) (x l); set s := Num.sqrt _; set t := Num.sqrt _; ring.
Qed.

(* Claim thm-4-centred: the factor 1/2 for every pair, for every tau' >= norm(C - M)^2; E f_i^2 = 1 is not used; the smaller c_kl
   and that it is attained are not formal *)
Theorem theorem_4_centred : dot (mean k) (mean l) <= Num.sqrt (2%:R^-1 / (p k * p l) * B).
Proof.
have [neg|/ltW y0] := leP (dot (mean k) (mean l)) 0; first exact: le_trans neg (sqrtr_ge0 _).
have product : dot (x k) (x l) = v k * v l * dot (mean k) (mean l) by rewrite dotZl dotZr mulrA.
have := sqr_products; rewrite product => /(_ (mulr_ge0 (mulr_ge0 (sqrtr_ge0 _) (sqrtr_ge0 _)) y0)) le.
rewrite !exprMn !sqr_v in le.
have B0 : 0 <= B.
  apply: (@scaled_le _ 2%:R); rewrite ?ltr0n // mulr0; apply: le_trans le.
  by rewrite mulr_ge0 ?ler0n // mulr_ge0 ?sqr_ge0 // ltW.
apply: le_of_sqr; rewrite ?sqrtr_ge0 // sqr_sqrtr; last by apply: mulr_ge0 B0; rewrite divr_ge0 ?invr_ge0 ?ler0n // ltW.
rewrite [X in _ <= X]mulrAC ler_pdivl_mulr // [X in X <= _]mulrC.
apply: (@scaled_le _ 4%:R); rewrite ?ltr0n //; apply: le_trans le _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; move: B => b; field.
Qed.

(* Claim thm-4-floor: for every tau' >= norm(C - M)^2 *)
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
