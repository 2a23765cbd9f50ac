(* From the cross-correlation loss to the error by Theorems 4 and 1: for centred features the condition is never met. Some right
   side of Theorem 4 is at least the mean squared length of the class means, and the threshold of Theorem 1 is below it. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses ClassMeans Lemma31 MainParts Lemma32
  Theorem1 Theorem3Sharp Theorem4 Theorem4Floor.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section MeanLength.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypotheses (n_gt0 : (0 < n)%N) (K_gt1 : (1 < K)%N).
Hypothesis centred : forall a, average (fun i => average (fun j => f i j 0 a)) = 0.    (* E f = 0 *)
Hypothesis nonempty : forall l, class label l != set0.
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation v k := (Num.sqrt (p k)).
Local Notation Y := (Y f label).

(* E |mu_y|^2 *)
Definition mean_length : R := \sum_k p k * norm (mean k) ^+ 2.

(* mean_length = <Y, Q> for Q = I - K v v^T, with |Q|^2 = K^2 - K *)
Let Q k l : R := (k == l)%:R - K%:R * (v k * v l).

Lemma form_Q : \sum_k \sum_l Y k l * Q k l = mean_length.
Proof.
have -> : \sum_k \sum_l Y k l * Q k l = \sum_k Y k k - K%:R * (\sum_k \sum_l Y k l * (v k * v l)).
  rewrite mulr_sumr -sumrB; apply: eq_bigr => k _; rewrite mulr_sumr.
  transitivity (\sum_l (Y k l * (k == l)%:R - K%:R * (Y k l * (v k * v l)))).
    by apply: eq_bigr => l _; rewrite /Q mulrBr (mulrCA _ K%:R).
  rewrite sumrB; congr (_ - _); rewrite (bigD1 k) //= eqxx mulr1 big1 ?addr0 // => l lk.
  by rewrite eq_sym (negbTE lk) mulr0.
rewrite (form_Y label n_gt0 centred) mulrN1 opprK.
transitivity (\sum_k (p k * norm (mean k) ^+ 2 - 1) + K%:R).
  congr (_ + _); apply: eq_bigr => k _; rewrite mxE eqxx dotZl dotZr mulrA -expr2 sqr_v sqr_norm.
  by [].
by rewrite sumrB sumr_const card_ord subrK.
Qed.

Lemma sqr_Q : \sum_k \sum_l Q k l ^+ 2 = K%:R ^+ 2 - K%:R.
Proof.
transitivity (\sum_k (1 - 2%:R * K%:R * v k ^+ 2 + K%:R ^+ 2 * v k ^+ 2)).
  apply: eq_bigr => k _.
  transitivity (\sum_l ((k == l)%:R * (1 - 2%:R * K%:R * (v k * v l)) + K%:R ^+ 2 * v k ^+ 2 * v l ^+ 2)).
    by apply: eq_bigr => l _; rewrite /Q; case: (k == l) => /=; rewrite ?mulr1n ?mulr0n; ring.
  rewrite big_split -mulr_sumr (sum_sqr_v R label n_gt0) mulr1 (bigD1 k) //= eqxx mul1r big1 ?addr0 ?expr2 // => l lk.
  by rewrite eq_sym (negbTE lk) mul0r.
rewrite big_split sumrB sumr_const card_ord -!mulr_sumr (sum_sqr_v R label n_gt0) /=.
by ring.
Qed.

Lemma sqr_mean_length : mean_length ^+ 2 <= K%:R ^+ 2 * sqr_frobenius Y.
Proof.
have K_pos : 1 < K%:R :> R by rewrite ltr1n.
set A : R := K%:R ^+ 2 - K%:R; set T := mean_length.
have A_le : A <= K%:R ^+ 2 by rewrite ler_subl_addr ler_addl ler0n.
have A_pos : 0 < A by rewrite /A expr2 subr_gt0 ltr_pmull // (lt_trans ltr01).
have form := form_Q; have square := sqr_Q; rewrite -/T -/A in form square; clearbody A T.
have : 0 <= \sum_k \sum_l (A * Y k l - T * Q k l) ^+ 2 by apply: sumr_ge0 => k _; apply: sumr_ge0 => l _; apply: sqr_ge0.
have -> : \sum_k \sum_l (A * Y k l - T * Q k l) ^+ 2 = A * (A * sqr_frobenius Y - T ^+ 2).
  transitivity (A ^+ 2 * sqr_frobenius Y - 2%:R * A * T * (\sum_k \sum_l Y k l * Q k l) + T ^+ 2 * \sum_k \sum_l Q k l ^+ 2).
    rewrite /sqr_frobenius !mulr_sumr -sumrB -big_split; apply: eq_bigr => k _ /=.
    rewrite !mulr_sumr -sumrB -big_split; apply: eq_bigr => l _ /=.
    by move: (Y k l) (Q k l) => y q; ring.
  by rewrite form square; ring.
rewrite pmulr_rge0 // subr_ge0 => le; apply: le_trans le _; exact: ler_wpmul2r (sqr_frobenius_ge0 _) _ _ A_le.
Qed.

(* Claims thm-4-floor, thm-4-chain: some right side is at least the mean squared length of the class means *)
Theorem theorem_4_floor_mean_length tau : sqr_frobenius (correlation f - between f label) <= tau ->
  exists k l, k != l /\
    mean_length <= Num.sqrt (2%:R / (p k * p l) * (identity_distance f + tau - (d%:R - K%:R) / 2%:R)).
Proof.
move=> le_tau; have [k [l [kl rare]]] := rarest_product R label n_gt0 K_gt1; exists k, l; split=> //.
have K_pos : 0 < K%:R :> R by rewrite ltr0n ltnW.
have pp : 0 < p k * p l by apply: mulr_gt0; rewrite divr_gt0 ?ltr0n ?card_gt0.
set B := identity_distance f + tau - _.
have YB : sqr_frobenius Y <= 2%:R * B.
  apply: le_trans (right_side_ge n_gt0 centred le_tau); rewrite (sqr_Y label n_gt0 centred) ler_addl.
  exact: sqr_frobenius_ge0.
have B0 : 0 <= 2%:R * B := le_trans (sqr_frobenius_ge0 _) YB.
apply: le_of_sqr; first exact: sqrtr_ge0.
rewrite [2%:R / _ * _]mulrAC sqr_sqrtr; last exact: divr_ge0 B0 (ltW pp).
apply: le_trans sqr_mean_length _; rewrite ler_pdivl_mulr //.
apply: le_trans (_ : sqr_frobenius Y <= _) => //.
rewrite mulrAC mulrC; apply: ler_pimulr; first exact: sqr_frobenius_ge0.
rewrite mulrC; apply: le_trans (ler_wpmul2r _ rare) _; first exact: sqr_ge0.
by rewrite -exprMn mulVf ?gt_eqF // expr1n.
Qed.

End MeanLength.

Section Chain.
Variables (R : rcfType) (n m d K : nat).
Variable input : Type.
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.
Variable encoder : input -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Local Notation f := (features view encoder).
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).

Variables (sigma delta L eps : R) (C : 'I_K -> {set 'I_n}).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N) (K_gt1 : (1 < K)%N).
Hypotheses (nonempty : forall l, class label l != set0) (unit_f : unit_features f).
Hypotheses (sigma0 : 0 <= sigma) (L0 : 0 <= L) (delta0 : 0 <= delta) (eps0 : 0 <= eps).
Hypothesis lip : lipschitz dist encoder L.
Hypothesis parts : forall l, augmentation_main_part dist view label sigma delta l (C l).
Local Notation rho := (rho_max view encoder label sigma delta L eps).
Local Notation s := (L * delta + 2%:R * eps).

Let share_gt0 l : 0 < p l. Proof. by apply: divr_gt0; rewrite ltr0n ?card_gt0. Qed.

Let s0 : 0 <= s. Proof. by rewrite addr_ge0 ?mulr_ge0 ?ler0n. Qed.

Let q l : R := misaligned_share f eps / p l.

Let q0 l : 0 <= q l. Proof. by rewrite !divr_ge0 ?ler0n. Qed.

Let sigma1 (l : 'I_K) : sigma <= 1.
Proof.
have [sub size _] := parts l; have c_pos : 0 < #|class label l|%:R :> R by rewrite ltr0n card_gt0.
by rewrite -(ler_pmul2r c_pos) mul1r; apply: le_trans size _; rewrite ler_nat subset_leq_card.
Qed.

Let rho_ge l : rho_printed sigma (q l) s <= rho.
Proof.
rewrite /rho_max /rho_printed ler_add2r ler_add2l ler_wpmul2l ?divr_ge0 ?ler0n // lef_pinv ?posrE ?bigmin_gt0 //.
exact: bigmin_le.
Qed.

Lemma sqr_norm_mean_ge l : 1 - 4%:R * rho <= norm (mean l) ^+ 2.
Proof.
have [big|small] := leP (4%:R^-1) rho.
  by apply: le_trans (sqr_ge0 _); rewrite subr_le0 -ler_pdivr_mull ?ltr0n // mulr1.
have main := main_part_of_augmentation L0 lip (parts l).
have c_gt0 : (0 < #|class label l|)%N by rewrite card_gt0.
have sigma_s : 0 <= sigma * s by rewrite mulr_ge0.
have ql := q0 l; have sigma_le1 := sigma1 l; have small' := ltW small.
have rho_l : 2%:R * (1 - sigma) + q l + sigma * s <= rho := rho_ge l.
have alpha_gt0 : 0 < sigma - q l.
  rewrite subr_gt0; apply: le_lt_trans (_ : rho < _).
    by apply: le_trans rho_l; rewrite -addrA addrCA ler_addl; nonneg.
  apply: lt_le_trans small _; apply: (@certified _ ((rho - (2%:R * (1 - sigma) + q l + sigma * s)) / 2%:R
    + (4%:R^-1 - rho) / 2%:R + q l / 2%:R + sigma * s / 2%:R + 5%:R / 8%:R)); last by field.
  by nonneg.
have alphaE : alpha f label sigma eps l = sigma - q l by rewrite /alpha max_r // ltW.
have [i iG] : exists i, i \in C l :&: aligned f eps.
  apply/set0Pn; rewrite -card_gt0 -(ltr0n R) -(pmulr_lgt0 _ (_ : 0 < #|class label l|%:R^-1)) ?invr_gt0 ?ltr0n //.
  by apply: lt_le_trans (alpha_le n_gt0 eps main c_gt0); rewrite alphaE.
move: iG; rewrite inE => /andP[iC iS].
have near := dot_mean_corrected (fun _ => Ordinal m_gt0) n_gt0 unit_f main iC iS.
have long : 1 - 2%:R * rho <= norm (mean l).
  apply: le_trans (_ : 1 - rho_corrected (alpha f label sigma eps l) s <= _); last first.
    by apply: le_trans near _; apply: le_trans (dot_le _ _) _; rewrite unit_f mul1r.
  rewrite alphaE /rho_corrected; apply: (@certified _ (2%:R * (rho - (2%:R * (1 - sigma) + q l + sigma * s))
    + 2%:R * (1 - sigma) + sigma * s + q l * s)); last by ring.
  by nonneg.
apply: le_trans (_ : (1 - 2%:R * rho) ^+ 2 <= _).
  by apply: (@certified _ (4%:R * rho ^+ 2)); [rewrite mulr_ge0 ?ler0n ?sqr_ge0 | ring].
apply: sqr_le long; rewrite subr_ge0 -ler_pdivl_mull ?ltr0n // mulr1; apply: le_trans (ltW small) _.
by rewrite lef_pinv ?posrE ?ltr0n // ler_nat.
Qed.

Lemma bigmin_ge (I : finType) (F : I -> R) x : x <= 1 -> (forall i, x <= F i) -> x <= \big[Num.min/1]_i F i.
Proof. by move=> x1 le; elim/big_ind: _ => [|y z xy xz|i _] //; rewrite le_minr xy. Qed.

Lemma shortfall_le : mean_shortfall f label / 2%:R <= rho + Num.sqrt (2%:R * rho).
Proof.
have l : 'I_K := Ordinal K_gt1.
have rho0 : 0 <= rho.
  apply: le_trans (rho_ge l); rewrite /rho_printed; have ql := q0 l; have sigma_le1 := sigma1 l; by nonneg.
have root0 := sqrtr_ge0 (2%:R * rho); have root2 : Num.sqrt (2%:R * rho) ^+ 2 = 2%:R * rho.
  by rewrite sqr_sqrtr // mulr_ge0 ?ler0n.
have two : 0 < 2%:R :> R by rewrite ltr0n.
rewrite ler_pdivr_mulr //; have [big|small] := leP (4%:R^-1) rho.
  apply: le_trans (_ : 1 <= _).
    by rewrite /mean_shortfall ler_subl_addr ler_addl; apply: bigmin_ge => [|k]; rewrite ?ler01 ?sqr_ge0.
  rewrite mulrDl; apply: ler_paddl; first by rewrite mulr_ge0 ?ler0n.
  apply: le_of_sqr; first by rewrite mulr_ge0 ?ler0n.
  rewrite expr1n exprMn root2; apply: (@certified _ (8%:R * (rho - 4%:R^-1) + 1)); last by field.
  by nonneg.
apply: le_trans (_ : 4%:R * rho <= _).
  rewrite /mean_shortfall ler_subl_addr -ler_subl_addl; apply: bigmin_ge => [|k]; last exact: sqr_norm_mean_ge.
  by rewrite ger_addl oppr_le0 mulr_ge0 ?ler0n.
have : rho <= Num.sqrt (2%:R * rho).
  apply: le_of_sqr => //; rewrite root2 expr2 ler_wpmul2r //; apply: le_trans (ltW small) _.
  by apply: (@certified _ (7%:R / 4%:R)); [nonneg | field].
by move=> le; apply: (@certified _ (2%:R * (Num.sqrt (2%:R * rho) - rho))); [nonneg | ring].
Qed.

(* features of norm sqrt(d), as the cross-correlation loss wants them *)
Definition scaled_features i j : 'rV[R]_d := Num.sqrt d%:R *: f i j.
Local Notation F := scaled_features.

(* Claim thm-4-chain: r = sqrt(d) in the loss and in the threshold, for every tau' >= norm(C - M)^2 *)
Theorem theorem_4_chain_never_met tau :
  (forall a, average (fun i => average (fun j => f i j 0 a)) = 0) ->
  sqr_frobenius (correlation F - between F label) <= tau ->
  exists k l, k != l /\ d%:R * (threshold rho - mean_shortfall f label / 2%:R)
    <= Num.sqrt (2%:R / (p k * p l) * (identity_distance F + tau - (d%:R - K%:R) / 2%:R)).
Proof.
move=> centred le_tau.
have F_centred a : average (fun i => average (fun j => F i j 0 a)) = 0.
  rewrite -[RHS](mulr0 (Num.sqrt d%:R)) -(centred a) -averageZ; apply: eq_average => i.
  by rewrite -averageZ; apply: eq_average => j; rewrite mxE.
have [k [l [kl le]]] := theorem_4_floor_mean_length n_gt0 K_gt1 F_centred nonempty le_tau.
exists k, l; split=> //; apply: le_trans le.
have F_mean c : norm (class_mean F label c) ^+ 2 = d%:R * norm (mean c) ^+ 2.
  have -> : class_mean F label c = Num.sqrt d%:R *: mean c.
    rewrite /class_mean [RHS]scalerA mulrC -scalerA; congr (_ *: _); rewrite scaler_sumr; apply: eq_bigr => i _.
    by rewrite scaler_sumr.
  by rewrite normZ exprMn ger0_norm ?sqrtr_ge0 // sqr_sqrtr ?ler0n.
rewrite /mean_length (eq_bigr (fun c => d%:R * (p c * norm (mean c) ^+ 2))) => [|c _]; last by rewrite F_mean mulrCA.
rewrite -mulr_sumr ler_wpmul2l ?ler0n //; apply: le_trans (_ : 1 - mean_shortfall f label <= _).
  rewrite /threshold; move: shortfall_le; set D := mean_shortfall _ _; set r := rho_max _ _ _ _ _ _ _; set root := Num.sqrt _.
  by move=> le; apply: (@certified _ (r + root - D / 2%:R)); [rewrite subr_ge0 | field].
have -> : 1 - mean_shortfall f label = \sum_c (1 - mean_shortfall f label) * p c by rewrite -mulr_sumr sum_shares ?mulr1.
apply: ler_sum => c _; rewrite mulrC ler_wpmul2l ?share_ge0 // /mean_shortfall subKr; exact: bigmin_le.
Qed.

End Chain.
