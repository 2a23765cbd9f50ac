(* Lemma 3.2 of Huang et al. (ICLR 2023), by another proof than the direct one, of which a step fails.

   Lengths are in units of r. u is the feature of the sample, p = mu_l, q = mu_k, w = |p|, D = |u - p|; beta is the share
   of class l that lies within s of u, b = 1 - beta, and root = sqrt(2 rho). The ball
   |p - (1 - b) u| <= E = b + (1 - b) (rho - b) and Stewart's identity bound D by w. Three cases:
     root >= 5/4   the threshold is at most -1;
     root <= 2/3   D <= 2 rho and p.q >= 1 - 2 D;
     between       p.q >= -w settles w <= -threshold. Else p.q >= (1 + 2 w^2 - (w + D)^2) / 2, and
                   (w + D)^2 <= (5/2) w^2 + (5/3) D^2 leaves a function that is affine in w^2. It is nonnegative at
                   both ends by the lemmas end_1, end_0 and end_tau, whose coefficients `bernstein.py` computes. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31 MainParts.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section PrintedScalars.
Variable R : rcfType.
Implicit Types r b rho w D x : R.

Lemma end_1 r : 0 <= 3%:R * r - 2%:R -> 0 <= 5%:R - 4%:R * r ->
  0 <= - 5%:R * r ^+ 4 + 12%:R * r ^+ 2 + 24%:R * r - 18%:R.
Proof.
move=> A0 B0; pose A := 3%:R * r - 2%:R; pose B := 5%:R - 4%:R * r.
apply: (@scaled _ (2%:R * 1000%:R + 401%:R) _ (
  190%:R * (B ^+ 4) + (3%:R * 1000%:R + 160%:R) * (A ^+ 1 * B ^+ 3) + (10%:R * 1000%:R + 548%:R) * (A ^+ 2 * B ^+ 2)
  + (12%:R * 1000%:R + 568%:R) * (A ^+ 3 * B ^+ 1) + (4%:R * 1000%:R + 747%:R) * (A ^+ 4)));
  last (by rewrite /A /B; ring); nonneg_terms.
Qed.

Lemma end_0 r : 0 <= 3%:R * r - 2%:R -> 0 <= 3%:R - 4%:R * r ->
  0 <= 5%:R * r ^+ 6 - 22%:R * r ^+ 4 - 24%:R * r ^+ 3 + 16%:R * r ^+ 2 + 48%:R * r - 24%:R.
Proof.
move=> A0 B0; pose A := 3%:R * r - 2%:R; pose B := 3%:R - 4%:R * r.
apply: (@scaled _ 1%:R _ (
  (2%:R * 1000%:R + 984%:R) * (B ^+ 6) + (25%:R * 1000%:R + 104%:R) * (A ^+ 1 * B ^+ 5)
  + (87%:R * 1000%:R + 104%:R) * (A ^+ 2 * B ^+ 4) + (159%:R * 1000%:R + 672%:R) * (A ^+ 3 * B ^+ 3)
  + (163%:R * 1000%:R + 174%:R) * (A ^+ 4 * B ^+ 2) + (88%:R * 1000%:R + 164%:R) * (A ^+ 5 * B ^+ 1)
  + (19%:R * 1000%:R + 677%:R) * (A ^+ 6)));
  last (by rewrite /A /B; ring); nonneg_terms.
Qed.

Lemma end_tau r : 0 <= 4%:R * r - 3%:R -> 0 <= 5%:R - 4%:R * r ->
  0 <= 23%:R * r ^+ 6 + 52%:R * r ^+ 5 - 50%:R * r ^+ 4 - 176%:R * r ^+ 3 + 84%:R * r ^+ 2 + 144%:R * r - 72%:R.
Proof.
move=> A0 B0; pose A := 4%:R * r - 3%:R; pose B := 5%:R - 4%:R * r.
apply: (@scaled _ (262%:R * 1000%:R + 144%:R) _ (
  (39%:R * 1000%:R + 375%:R) * (B ^+ 6) + (243%:R * 1000%:R + 702%:R) * (A ^+ 1 * B ^+ 5)
  + (472%:R * 1000%:R + 17%:R) * (A ^+ 2 * B ^+ 4) + (320%:R * 1000%:R + 756%:R) * (A ^+ 3 * B ^+ 3)
  + (63%:R * 1000%:R + 361%:R) * (A ^+ 4 * B ^+ 2) + (90%:R * 1000%:R + 166%:R) * (A ^+ 5 * B ^+ 1)
  + (81%:R * 1000%:R + 343%:R) * (A ^+ 6)));
  last (by rewrite /A /B; ring); nonneg_terms.
Qed.

(* the ball, by Stewart's identity, in the form that is used *)
Definition reach b rho : R := b + (1 - b) * (rho - b).

Lemma reach_le b rho : 0 <= b -> b <= rho -> reach b rho <= rho.
Proof.
move=> b0 br; rewrite /reach; apply: (@certified _ (b * (rho - b))); last ring.
by rewrite mulr_ge0 ?subr_ge0.
Qed.

Lemma distance_by_norm b rho w D : 0 <= b -> b <= rho -> rho < 1 -> w ^+ 2 <= 1 ->
  b * w ^+ 2 + (1 - b) * D ^+ 2 <= reach b rho ^+ 2 + b * (1 - b) ->
  (1 - rho) * D ^+ 2 <= rho * (1 - w ^+ 2) + (1 - rho) * rho ^+ 2.
Proof.
move=> b0 br r1 w1 ball; have b1 : b < 1 by exact: le_lt_trans br r1.
have le : (1 - b) * (D ^+ 2 - rho ^+ 2) <= b * (1 - w ^+ 2).
  apply: (@certified _ ((reach b rho ^+ 2 + b * (1 - b) - (b * w ^+ 2 + (1 - b) * D ^+ 2))
    + (1 - b) * (b * ((rho - b) ^+ 2 + b)))); last by rewrite /reach; ring.
  by have b1' := ltW b1; nonneg.
suff : (1 - rho) * (D ^+ 2 - rho ^+ 2) <= rho * (1 - w ^+ 2).
  by rewrite -subr_ge0 => h; apply: (certified h); ring.
have y0 : 0 <= 1 - w ^+ 2 by rewrite subr_ge0.
have [neg|/ltW pos] := leP (D ^+ 2 - rho ^+ 2) 0.
  apply: le_trans (_ : 0 <= _); last by rewrite mulr_ge0 // (le_trans b0).
  by rewrite mulr_ge0_le0 // subr_ge0 ltW.
apply: le_trans (_ : (1 - b) * (D ^+ 2 - rho ^+ 2) <= _).
  by rewrite ler_wpmul2r // ler_add2l ler_opp2.
by apply: le_trans le _; rewrite ler_wpmul2r.
Qed.

(* 2/3 <= r <= 5/4, r^2 = 2 rho, tau = rho + r - 1: the function affine in x = w^2 *)
Let gap r x : R := (2%:R - r ^+ 2) * (12%:R * (1 + r) ^+ 2 - 24%:R - 6%:R * x - 5%:R * r ^+ 4) - 20%:R * r ^+ 2 * (1 - x).

Lemma gap_affine r x0 x : (1 - x0) * gap r x = (1 - x) * gap r x0 + (x - x0) * gap r 1.
Proof. by rewrite /gap; ring. Qed.

Lemma middle r w D : 0 <= 3%:R * r - 2%:R -> 0 <= 5%:R - 4%:R * r -> 0 <= w -> w <= 1 ->
  r ^+ 2 / 2%:R + r - 1 <= w ->
  (1 - r ^+ 2 / 2%:R) * D ^+ 2 <= r ^+ 2 / 2%:R * (1 - w ^+ 2) + (1 - r ^+ 2 / 2%:R) * (r ^+ 2 / 2%:R) ^+ 2 ->
  (w + D) ^+ 2 + 2%:R * (1 - w ^+ 2) <= (1 + r) ^+ 2.
Proof.
move=> A0 B0 w0 w1 tau_w ball.
have r0 : 0 <= r.
  by apply: (@scaled _ 3%:R _ ((3%:R * r - 2%:R) + 2%:R)); [by rewrite ltr0n | by nonneg | ring].
have pos : 0 < 2%:R - r ^+ 2.
  rewrite subr_gt0; apply: le_lt_trans (_ : 25%:R / 16%:R < _); last first.
    by rewrite ltr_pdivr_mulr ?ltr0n // -natrM ltr_nat.
  have le : r <= 5%:R / 4%:R by rewrite ler_pdivl_mulr ?ltr0n // mulrC -subr_ge0.
  apply: le_trans (sqr_le r0 le) _; rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
  by rewrite ?pnatr_eq0.
have x1 : w ^+ 2 <= 1 by rewrite exprn_ile1.
have g1 : 0 <= gap r 1.
  rewrite (_ : gap r 1 = (2%:R - r ^+ 2) * (- 5%:R * r ^+ 4 + 12%:R * r ^+ 2 + 24%:R * r - 18%:R)); last first.
    by rewrite /gap; ring.
  by rewrite mulr_ge0 ?(ltW pos) // end_1.
have from x0 : x0 <= w ^+ 2 -> 0 <= gap r x0 -> 0 <= gap r (w ^+ 2).
  move=> le g0; have [lt1|ge1] := ltP x0 1.
    rewrite -(pmulr_rge0 _ (_ : 0 < 1 - x0)) ?subr_gt0 // gap_affine.
    by nonneg.
  by rewrite (_ : w ^+ 2 = 1) //; apply/eqP; rewrite eq_le x1 (le_trans ge1 le).
have g : 0 <= gap r (w ^+ 2).
  have [lt|ge] := leP 0 (3%:R - 4%:R * r).
    apply: (from 0); first exact: sqr_ge0.
    rewrite (_ : gap r 0 = 5%:R * r ^+ 6 - 22%:R * r ^+ 4 - 24%:R * r ^+ 3 + 16%:R * r ^+ 2 + 48%:R * r - 24%:R).
      exact: end_0.
    by rewrite /gap; ring.
  have C0 : 0 <= 4%:R * r - 3%:R by rewrite -oppr_le0 opprB ltW.
  have tau0 : 0 <= r ^+ 2 / 2%:R + r - 1.
    apply: (@scaled _ 32%:R _ ((4%:R * r - 3%:R) ^+ 2 + 14%:R * (4%:R * r - 3%:R) + 1)); last by field.
      by rewrite ltr0n.
    by nonneg.
  apply: (from ((r ^+ 2 / 2%:R + r - 1) ^+ 2)); first exact: sqr_le.
  apply: (@scaled _ 2%:R _ (23%:R * r ^+ 6 + 52%:R * r ^+ 5 - 50%:R * r ^+ 4 - 176%:R * r ^+ 3 + 84%:R * r ^+ 2
    + 144%:R * r - 72%:R)); [by rewrite ltr0n | exact: end_tau | by rewrite /gap; field].
rewrite -subr_ge0.
apply: (@scaled _ (12%:R * (2%:R - r ^+ 2)) _ (gap r (w ^+ 2)
  + 40%:R * ((r ^+ 2 / 2%:R * (1 - w ^+ 2) + (1 - r ^+ 2 / 2%:R) * (r ^+ 2 / 2%:R) ^+ 2) - (1 - r ^+ 2 / 2%:R) * D ^+ 2)
  + 2%:R * (2%:R - r ^+ 2) * (3%:R * w - 2%:R * D) ^+ 2)).
- by rewrite mulr_gt0 ?ltr0n.
- by have pos' := ltW pos; nonneg.
by rewrite /gap; field.
Qed.

End PrintedScalars.

Section PrintedPlane.
Variables (R : rcfType) (d : nat).
Implicit Types (u p q : 'rV[R]_d) (b rho w D : R).

Lemma stewart u p b : norm u = 1 ->
  norm (p - (1 - b) *: u) ^+ 2 = b * norm p ^+ 2 + (1 - b) * norm (u - p) ^+ 2 - b * (1 - b).
Proof. by move=> u1; rewrite !sqr_normB normZ u1 dotZr (dotC u p) mulr1 real_normK ?num_real //; ring. Qed.

(* below the printed threshold, q is farther from u than p is *)
Lemma below_printed_threshold u p q b rho :
  norm u = 1 -> norm p <= 1 -> norm q <= 1 -> 0 <= b -> b <= rho -> (rho < 1 -> norm (p - (1 - b) *: u) <= reach b rho) ->
  norm (u - q) <= norm (u - p) -> threshold rho <= dot p q.
Proof.
move=> u1 p1 q1 b0 br ball closer.
have rho0 := le_trans b0 br.
set r := Num.sqrt (2%:R * rho); have r0 : 0 <= r by exact: sqrtr_ge0.
have r2 : r ^+ 2 = 2%:R * rho by rewrite sqr_sqrtr // mulr_ge0 ?ler0n.
have rhoE : rho = r ^+ 2 / 2%:R by rewrite r2; field.
rewrite /threshold -/r; set w := norm p in p1 *; set D := norm (u - p) in closer *.
have w0 : 0 <= w by exact: norm_ge0.
have D0 : 0 <= D by exact: norm_ge0.
have pq_w : - w <= dot p q.
  by apply: le_trans (dot_geN p q); rewrite ler_opp2 -[X in _ <= X]mulr1 ler_wpmul2l.
have pq_D : dot u p - w * D <= dot p q.
  have := dot_le p (u - q); rewrite !dotE (dotC p u) -/w => le.
  have : w * norm (u - q) <= w * D by rewrite ler_wpmul2l.
  rewrite -subr_ge0 => h; rewrite -subr_ge0.
  apply: (@certified _ ((w * D - w * norm (u - q)) + (w * norm (u - q) - (dot u p - dot p q)))); last ring.
  by nonneg.
have up : 2%:R * dot u p = 1 + w ^+ 2 - D ^+ 2 by rewrite /w /D sqr_normB u1 expr1n; ring.
have [big|/ltW B0] := leP (5%:R - 4%:R * r) 0.
  apply: le_trans pq_w; apply: (@certified _ ((r ^+ 2 / 2%:R + r - 2%:R) + (1 - w))); last by rewrite rhoE; ring.
  apply: addr_ge0; last by rewrite subr_ge0.
  apply: (@scaled _ 32%:R _ ((4%:R * r - 5%:R) ^+ 2 + 18%:R * (4%:R * r - 5%:R) + 1)); last by field.
    by rewrite ltr0n.
  have C0 : 0 <= 4%:R * r - 5%:R by rewrite -oppr_le0 opprB.
  by nonneg.
have rho1 : rho < 1.
  rewrite rhoE ltr_pdivr_mulr ?ltr0n // mul1r; apply: le_lt_trans (_ : 25%:R / 16%:R < _); last first.
    by rewrite ltr_pdivr_mulr ?ltr0n // -natrM ltr_nat.
  have le : r <= 5%:R / 4%:R by rewrite ler_pdivl_mulr ?ltr0n // mulrC -subr_ge0.
  apply: le_trans (sqr_le r0 le) _; rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
  by rewrite ?pnatr_eq0.
have {}ball := ball rho1.
have [small|/ltW A0] := leP (3%:R * r - 2%:R) 0.
  (* D <= b + E <= 2 rho, u.p >= 1 - D *)
  have far : D <= 2%:R * rho.
    apply: le_trans (triangle_via ((1 - b) *: u) u p) _.
    rewrite (_ : u - (1 - b) *: u = b *: u); last by rewrite scalerBl scale1r opprB addrC subrK.
    rewrite normZ u1 mulr1 ger0_norm // (normB _ p).
    apply: le_trans (ler_add br (le_trans ball (reach_le b0 br))) _.
    by rewrite -[2%:R]/(1 + 1) mulrDl mul1r.
  have up_D : 1 - D <= dot u p.
    by have := dot_le u (u - p); rewrite !dotE -sqr_norm u1 expr1n mul1r !ler_subl_addr addrC.
  apply: le_trans pq_D.
  have wD : w * D <= D by rewrite -[X in _ <= X]mul1r ler_wpmul2r.
  apply: (@certified _ ((dot u p - (1 - D)) + (D - w * D) + 2%:R * (2%:R * rho - D) + r * (2%:R - 3%:R * r) / 2%:R)).
    have S0 : 0 <= 2%:R - 3%:R * r by rewrite -oppr_le0 opprB.
    by nonneg.
  by rewrite rhoE; field.
have [le_tau|/ltW ge_tau] := leP w (rho + r - 1).
  by apply: le_trans pq_w; rewrite -subr_ge0; rewrite -subr_ge0 in le_tau; apply: (certified le_tau); ring.
apply: le_trans pq_D.
have w21 : w ^+ 2 <= 1 by rewrite exprn_ile1.
have stew : b * w ^+ 2 + (1 - b) * D ^+ 2 <= reach b rho ^+ 2 + b * (1 - b).
  by rewrite -ler_subl_addr -stewart //; apply: sqr_le (norm_ge0 _) ball.
have dist := distance_by_norm b0 br rho1 w21 stew.
rewrite rhoE in ge_tau dist.
have key := middle A0 B0 w0 p1 ge_tau dist.
rewrite -subr_ge0; apply: (@scaled _ 2%:R _ ((1 + r) ^+ 2 - ((w + D) ^+ 2 + 2%:R * (1 - w ^+ 2)))).
- by rewrite ltr0n.
- by rewrite subr_ge0.
have -> : 2%:R * (dot u p - w * D - (1 - rho - r)) = 2%:R * dot u p - 2%:R * w * D - 2%:R * (1 - rho - r) by ring.
by rewrite up rhoE; field.
Qed.

End PrintedPlane.

Section Lemma32.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.

Variables (sigma eps t : R) (l : 'I_K) (C : {set 'I_n}).
Hypothesis main : main_part f label sigma t l C.
Hypothesis sigma_ge0 : 0 <= sigma.

Local Notation mean := (class_mean f label).
Local Notation s := (t + 2%:R * eps).
Local Notation ratio := (misaligned_share f eps / class_share R label l).

Lemma near_shift (G : {set 'I_n}) (u : 'rV[R]_d) a : (0 < m)%N -> (0 < #|class label l|)%N ->
  (forall i j, i \in G -> norm (f i j - u) <= a) ->
  norm (near_part f label l G - (#|G|%:R / #|class label l|%:R) *: u) <= #|G|%:R / #|class label l|%:R * a.
Proof.
move=> m_gt0 c_gt0 close; set c := #|class label l|.
have c_pos : 0 < c%:R :> R by rewrite ltr0n.
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have -> : near_part f label l G - (#|G|%:R / c%:R) *: u = (c * m)%:R^-1 *: \sum_(i in G) \sum_j (f i j - u).
  under eq_bigr do rewrite sumrB sumr_const card_ord.
  rewrite sumrB sumr_const scalerBr /near_part; congr (_ - _).
  by rewrite -mulrnA -scaler_nat scalerA natrM natrM; congr (_ *: _); field; rewrite !gt_eqF.
rewrite normZ ger0_norm ?invr_ge0 ?ler0n // natrM ler_pdivr_mull ?mulr_gt0 //.
apply: le_trans (_ : \sum_(i in G) m%:R * a <= _); last first.
  by rewrite sumr_const -mulr_natl le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF.
apply: le_trans (norm_sum_le _ _) _; apply: ler_sum => i iG.
apply: le_trans (norm_sum_le _ _) _; rewrite mulr_natl -[X in _ *+ X](card_ord m) -sumr_const.
by apply: ler_sum => j _; apply: close.
Qed.

(* Claim lemma-3.2: in feature space and without Delta_mu *)
Theorem lemma_3_2_local i : i \in C -> i \in aligned f eps ->
  (forall k, k != l -> dot (mean l) (mean k) < threshold (rho_printed sigma ratio s)) ->
  i \notin misclassified f label original.
Proof.
move=> iC iS below; set G := C :&: aligned f eps; set u := f i (original i).
have iG : i \in G := good iC iS.
have sub : G \subset class label l := G_sub eps main.
have c_gt0 : (0 < #|class label l|)%N := c_gt0 main iC iS.
have m_gt0 : (0 < m)%N := m_gt0 original i.
have label_i : label i = l := label_l main iC iS.
have c_pos : 0 < #|class label l|%:R :> R by rewrite ltr0n.
set beta : R := #|G|%:R / #|class label l|%:R; set q := ratio in below.
have beta0 : 0 <= beta := beta_ge0 _ _ _ _.
have beta1 : beta <= 1 := beta_le1 R sub c_gt0.
have beta_low : sigma - q <= beta.
  apply: le_trans (_ : alpha f label sigma eps l <= _); first by rewrite /alpha le_maxr lexx orbT.
  exact: (alpha_le n_gt0 eps main c_gt0).
have q0 : 0 <= q by rewrite !divr_ge0 ?ler0n.
have s0 : 0 <= s := s_ge0 original main iC iS.
have sigma1 : sigma <= 1.
  have [subC size _] := main; rewrite -(ler_pmul2r c_pos) mul1r.
  by apply: le_trans size _; rewrite ler_nat subset_leq_card.
rewrite inE negb_exists; apply/forallP => k; apply/negP; rewrite /taken_for label_i => /andP[kl closer].
have := below k kl; rewrite ltNge => /negP; apply.
have u1 : norm u = 1 := unit_f _ _.
apply: (@below_printed_threshold _ _ u _ _ (1 - beta)) closer => //; try exact: norm_class_mean.
- by rewrite subr_ge0.
- rewrite /rho_printed; apply: (@certified _ ((beta - (sigma - q)) + ((1 - sigma) + sigma * s))); last ring.
  by nonneg.
move=> rho1.
have s1 : s <= 1.
  rewrite leNgt; apply/negP => s1; move: rho1; rewrite ltNge => /negP; apply; rewrite /rho_printed.
  apply: (@certified _ (q + (1 - sigma) + sigma * (s - 1))); last ring.
  have s1' := ltW s1; by nonneg.
have s_rho : s <= rho_printed sigma q s - (1 - beta).
  rewrite /rho_printed; apply: (@certified _ ((beta - (sigma - q)) + (1 - sigma) * (1 - s))); last ring.
  by nonneg.
have near : norm (near_part f label l G - beta *: u) <= beta * s.
  by apply: near_shift => // i' j i'G; exact: (spread main j (original i) i'G iG).
have far := norm_far_part unit_f m_gt0 sub c_gt0.
have -> : 1 - (1 - beta) = beta by ring.
have -> : mean l - beta *: u = (near_part f label l G - beta *: u) + far_part f label l G.
  by rewrite (mean_parts f sub) addrAC.
apply: le_trans (triangle _ _) _; rewrite /reach (_ : 1 - (1 - beta) = beta); last ring.
rewrite [X in _ <= X]addrC; apply: ler_add; last exact: far.
by apply: le_trans near _; rewrite ler_wpmul2l.
Qed.

End Lemma32.

Section Lemma32InWords.
Variables (R : rcfType) (n m d K : nat).
Variable input : Type.
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.
Variable encoder : input -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.

Local Notation f := (features view encoder).
Local Notation mean := (class_mean f label).

Lemma main_part_of_augmentation sigma delta L l C : 0 <= L -> lipschitz dist encoder L ->
  augmentation_main_part dist view label sigma delta l C -> main_part f label sigma (L * delta) l C.
Proof.
move=> L0 lip [sub size close]; split=> // i i' iC i'C.
have [j [j' le]] := close i i' iC i'C; exists j, j'.
by apply: le_trans (lip _ _) _; rewrite ler_wpmul2l.
Qed.

Lemma bigmin_le1 (I : finType) (F : I -> R) : \big[Num.min/1]_l F l <= 1.
Proof. by elim/big_rec: _ => [|i x _ le]; rewrite ?lexx // le_minl le orbT. Qed.

Lemma mean_shortfall_ge0 : 0 <= mean_shortfall f label.
Proof. by rewrite subr_ge0 bigmin_le1. Qed.

(* Lemma 3.2 of the paper: a sample of the main part of class l and of S_eps is classified correctly *)
(* Claim lemma-3.2 *)
Theorem lemma_3_2 sigma delta L eps l (C : {set 'I_n}) i :
  (0 < n)%N -> unit_features f -> 0 <= sigma -> 0 <= L -> lipschitz dist encoder L ->
  augmentation_main_part dist view label sigma delta l C ->
  (forall k, k != l ->
    dot (mean l) (mean k)
      < threshold (rho_printed sigma (misaligned_share f eps / class_share R label l) (L * delta + 2%:R * eps))
        - mean_shortfall f label / 2%:R) ->
  i \in C -> i \in aligned f eps -> i \notin misclassified f label original.
Proof.
move=> n_gt0 unit_f sigma0 L0 lip part below iC iS.
have main := main_part_of_augmentation L0 lip part.
apply: (lemma_3_2_local original n_gt0 unit_f main sigma0 iC iS) => k kl.
apply: lt_le_trans (below k kl) _.
by rewrite ler_subl_addr ler_addl divr_ge0 ?ler0n ?mean_shortfall_ge0.
Qed.

End Lemma32InWords.
