(* The angle Phi of the form exact: every unit vector u that is compatible with mu_l lies within it of mu_l. Angles stand here by
   their cosines; all of them lie in [0, pi], where a cosine determines the angle. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry Theorem1Cap.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Angles.
Variable R : rcfType.
Implicit Types alpha s w c : R.

(* the sine of the angle in [0, pi] with cosine c *)
Definition sine c : R := Num.sqrt (1 - c ^+ 2).

(* cos theta, theta being the angle of a chord of length s; pi beyond s = 2 *)
Definition cos_spread s : R := Num.max (-1) (1 - s ^+ 2 / 2%:R).

(* cos (Phi - theta) where the farthest u meets the edge of the hull of its neighbours; w = |mu_l| *)
Definition cos_turned alpha w : R := (w ^+ 2 + alpha ^+ 2 - (1 - alpha) ^+ 2) / (2%:R * w * alpha).

(* that it does: Phi is at most pi, and w sin Phi >= alpha sin theta *)
Definition at_edge alpha s w : bool :=
  let c := cos_spread s in let k := cos_turned alpha w in
  [&& 0 < alpha, - c <= k, k <= 1 & alpha * sine c <= w * (sine c * k + c * sine k)].

(* cos Phi of the exact form, at the edge of the hull, else on its face *)
Definition cos_exact alpha s w : R :=
  let c := cos_spread s in let k := cos_turned alpha w in
  if at_edge alpha s w then c * k - sine c * sine k else (1 - rho_sharp alpha s) / w.

End Angles.

(* In the plane of u = (1, 0) and mu_l = (x, y), of length w: v = (a, b) is a mean of unit vectors within theta of u, and mu_l is
   within 1 - alpha of alpha v. (c, t) is the unit vector at the angle theta, (k, h) that at Phi - theta. *)
Section Plane.
Variables (R : rcfType) (alpha c t k h w x y a b : R).
Hypotheses (alpha_gt0 : 0 < alpha) (alpha_le1 : alpha <= 1) (w_gt0 : 0 < w).
Hypotheses (t0 : 0 <= t) (ct : c ^+ 2 + t ^+ 2 = 1) (h0 : 0 <= h) (kh : k ^+ 2 + h ^+ 2 = 1) (ck : - c <= k).
Hypothesis edge : 2%:R * w * alpha * k = w ^+ 2 + alpha ^+ 2 - (1 - alpha) ^+ 2.
Let x1 := w * (c * k - t * h).
Let y1 := w * (t * k + c * h).
Hypothesis at_edge : alpha * t <= y1.
Hypotheses (y0 : 0 <= y) (xy : x ^+ 2 + y ^+ 2 = w ^+ 2).
Hypotheses (ca : c <= a) (ab : a ^+ 2 + b ^+ 2 <= 1).
Hypothesis near : (x - alpha * a) ^+ 2 + (y - alpha * b) ^+ 2 <= (1 - alpha) ^+ 2.

Lemma circle : x1 ^+ 2 + y1 ^+ 2 = w ^+ 2.
Proof.
have -> : x1 ^+ 2 + y1 ^+ 2 = w ^+ 2 * (c ^+ 2 + t ^+ 2) * (k ^+ 2 + h ^+ 2) by rewrite /x1 /y1; ring.
by rewrite ct kh !mulr1.
Qed.

Lemma wh : c * y1 - t * x1 = w * h.
Proof.
have -> : c * y1 - t * x1 = w * h * (c ^+ 2 + t ^+ 2) by rewrite /x1 /y1; ring.
by rewrite ct mulr1.
Qed.

Lemma wk : c * x1 + t * y1 = w * k.
Proof.
have -> : c * x1 + t * y1 = w * k * (c ^+ 2 + t ^+ 2) by rewrite /x1 /y1; ring.
by rewrite ct mulr1.
Qed.

Lemma unit_range (e e' : R) : e ^+ 2 + e' ^+ 2 = 1 -> -1 <= e /\ e <= 1.
Proof.
move=> e1; have le : e ^+ 2 <= 1 ^+ 2 by rewrite expr1n -e1 ler_addl sqr_ge0.
split; last by apply: le_of_sqr le; exact: ler01.
by rewrite ler_oppl; apply: le_of_sqr; [exact: ler01 | rewrite sqrrN].
Qed.

Lemma sqr_small (e e' : R) : 0 <= e' -> e ^+ 2 <= e' ^+ 2 -> - e' <= e.
Proof. by move=> e0 le; rewrite ler_oppl; apply: le_of_sqr => //; rewrite sqrrN. Qed.

(* Phi >= theta *)
Lemma x1_le : x1 <= w * c.
Proof.
apply: ler_wpmul2l; first exact: ltW.
rewrite ler_subl_addr -ler_subl_addl.
have [_ k1] := unit_range kh; have [c1 _] := unit_range ct.
have [c0|c_lt0] := leP 0 c.
  apply: le_trans (_ : 0 <= _); last by rewrite mulr_ge0.
  by rewrite subr_le0 ler_pimulr.
apply: le_of_sqr; first by rewrite mulr_ge0.
have h2 : h ^+ 2 = 1 - k ^+ 2 by rewrite -kh addrC addKr.
have t2 : t ^+ 2 = 1 - c ^+ 2 by rewrite -ct addrC addKr.
rewrite exprMn h2 t2.
apply: (@certified _ ((1 - k) * ((k + c) + (1 + c) * (1 - 2%:R * c)))); last by ring.
rewrite mulr_ge0 ?subr_ge0 // addr_ge0 //; first by rewrite -ler_subl_addr sub0r.
apply: mulr_ge0; first by rewrite -ler_subl_addl sub0r.
by rewrite subr_ge0; apply: le_trans ler01; rewrite mulr_ge0_le0 ?ler0n // ltW.
Qed.

(* where the angle of u and mu_l is below theta, it is below Phi *)
Lemma below_theta : c * y < t * x -> x1 <= x.
Proof.
move=> lt; apply: le_trans x1_le _.
have sqrs : (w * c) ^+ 2 = x ^+ 2 + ((c * y) ^+ 2 - (t * x) ^+ 2).
  have -> : (w * c) ^+ 2 = w ^+ 2 * c ^+ 2 by ring.
  have -> : x ^+ 2 = x ^+ 2 * (c ^+ 2 + t ^+ 2) by rewrite ct mulr1.
  by rewrite -xy; ring.
have [c0|c_lt0] := leP 0 c.
  have cy : 0 <= c * y by rewrite mulr_ge0.
  have x0 : 0 <= x.
    rewrite leNgt; apply/negP => x_lt0; move: (le_lt_trans cy lt); rewrite ltNge => /negP; apply.
    by rewrite mulr_ge0_le0 // ltW.
  by apply: le_of_sqr => //; rewrite sqrs ger_addl subr_le0; apply: sqr_le cy (ltW lt).
have [x0|/ltW x_le0] := leP 0 x.
  by apply: le_trans x0; rewrite mulr_ge0_le0 // ltW.
have tx : 0 <= - (t * x) by rewrite oppr_ge0 mulr_ge0_le0.
rewrite -ler_opp2; apply: le_of_sqr; first by rewrite oppr_ge0 mulr_ge0_le0 // ltW.
rewrite !sqrrN sqrs ler_addl subr_ge0 -(sqrrN (t * x)) -(sqrrN (c * y)).
by apply: sqr_le tx _; rewrite ler_opp2 ltW.
Qed.

(* theta = 0 but where Phi = pi *)
Lemma theta_0 : t = 0 -> x < x1 -> c = 1.
Proof.
move=> tz lt; move: ct; rewrite tz expr0n addr0 => /eqP; rewrite sqrf_eq1 => /orP[/eqP //|/eqP cN1].
move: lt; rewrite ltNge => /negP; case; have [_ k1] := unit_range kh.
have k_eq : k = 1 by apply/eqP; rewrite eq_le k1 -[X in X <= _]opprK -cN1.
have -> : x1 = - w by rewrite /x1 tz cN1 k_eq; ring.
by apply: sqr_small; [exact: ltW | rewrite -xy ler_addl sqr_ge0].
Qed.

(* seen from mu_l no point of the hull is nearer than its edge *)
Lemma edge_nearest : alpha * t <= y -> t * x <= c * y -> x < x1 -> w * k <= c * x + t * y.
Proof.
move=> far beyond lt.
have cone : 0 <= (c - a) * (x - alpha * c) + (t - b) * (y - alpha * t).
  have [tz|t_neq0] := eqVneq t 0.
    have c1 := theta_0 tz lt; have a1 : a = 1.
      apply/eqP; rewrite eq_le -{2}c1 ca andbT; apply: le_of_sqr; first exact: ler01.
      by rewrite expr1n; apply: le_trans ab; rewrite ler_addl sqr_ge0.
    have b0 : b = 0 by apply/eqP; rewrite -sqrf_eq0 eq_le sqr_ge0 andbT; move: ab; rewrite a1 expr1n ger_addl.
    by rewrite a1 c1 b0 tz subrr mul0r subr0 mul0r addr0.
  have t_pos : 0 < t by rewrite lt_def t_neq0.
  apply: (scaled t_pos (e := (y - alpha * t) * (c ^+ 2 + t ^+ 2 - a * c - b * t) + (c * y - t * x) * (a - c))); last by ring.
  apply: addr_ge0; apply: mulr_ge0; rewrite ?subr_ge0 //; apply: (@certified _ (((a - c) ^+ 2 + (b - t) ^+ 2
    + (c ^+ 2 + t ^+ 2 - (a ^+ 2 + b ^+ 2))) / 2%:R)); last by field.
  by rewrite ct; nonneg.
apply: (@scaled_le _ (2%:R * alpha)); first by rewrite mulr_gt0 ?ltr0n.
apply: (@certified _ (((1 - alpha) ^+ 2 - ((x - alpha * a) ^+ 2 + (y - alpha * b) ^+ 2))
  + 2%:R * alpha * ((c - a) * (x - alpha * c) + (t - b) * (y - alpha * t)) + alpha ^+ 2 * ((c - a) ^+ 2 + (t - b) ^+ 2))).
  by nonneg; rewrite ltW.
have -> : 2%:R * alpha * (w * k) = 2%:R * w * alpha * k by ring.
rewrite edge -xy; apply/eqP; rewrite -subr_eq0; apply/eqP.
by transitivity (alpha ^+ 2 * (c ^+ 2 + t ^+ 2 - 1)); [ring | rewrite ct subrr mulr0].
Qed.

(* two points of a half circle, by the sign of the angle between them *)
Lemma above_edge : alpha * t <= y -> t * x <= c * y -> x1 <= x.
Proof.
move=> far beyond; rewrite leNgt; apply/negP => lt.
have nearest := edge_nearest far beyond lt.
pose S := w ^+ 2 + x * x1 + y * y1; pose cross := x1 * y - x * y1.
have y1_ge0 : 0 <= y1 by apply: le_trans at_edge; rewrite mulr_ge0 // ltW.
have S_ge0 : 0 <= S.
  apply: (scaled (_ : 0 < 2%:R) (_ : 0 <= (x + x1) ^+ 2 + (y + y1) ^+ 2)); [by rewrite ltr0n | by nonneg |].
  apply/eqP; rewrite -subr_eq0; apply/eqP.
  transitivity (- (x ^+ 2 + y ^+ 2 - w ^+ 2) - (x1 ^+ 2 + y1 ^+ 2 - w ^+ 2)); first by rewrite /S; ring.
  by rewrite xy circle subrr oppr0 addr0.
have q0 : 0 <= c * y - t * x by rewrite subr_ge0.
have q10 : 0 <= c * y1 - t * x1 by rewrite wh mulr_ge0 // ltW.
have along : cross * (y + y1) = (x1 - x) * S.
  have -> : cross * (y + y1) = (x1 - x) * S + x1 * (x ^+ 2 + y ^+ 2 - w ^+ 2) - x * (x1 ^+ 2 + y1 ^+ 2 - w ^+ 2).
    by rewrite /cross /S; ring.
  by rewrite xy circle subrr !mulr0 addr0 subr0.
have turned : cross * ((c * y - t * x) + (c * y1 - t * x1)) = ((c * x1 + t * y1) - (c * x + t * y)) * S.
  have -> : cross * ((c * y - t * x) + (c * y1 - t * x1)) = ((c * x1 + t * y1) - (c * x + t * y)) * S
      + (c * x1 + t * y1) * (x ^+ 2 + y ^+ 2 - w ^+ 2) - (c * x + t * y) * (x1 ^+ 2 + y1 ^+ 2 - w ^+ 2).
    by rewrite /cross /S; ring.
  by rewrite xy circle subrr !mulr0 addr0 subr0.
have lt_x : 0 < x1 - x by rewrite subr_gt0.
have y2 : 0 <= y + y1 by exact: addr_ge0.
have [S0|S_neq0] := eqVneq S 0.
  have antipodal : (x + x1) ^+ 2 + (y + y1) ^+ 2 = 0.
    transitivity (2%:R * S + (x ^+ 2 + y ^+ 2 - w ^+ 2) + (x1 ^+ 2 + y1 ^+ 2 - w ^+ 2)); first by rewrite /S; ring.
    by rewrite S0 xy circle subrr mulr0 !addr0.
  have [/eqP xx /eqP yy] : (x + x1 == 0) /\ (y + y1 == 0).
    by move/eqP: antipodal; rewrite paddr_eq0 ?sqr_ge0 // !sqrf_eq0 => /andP[].
  have [/eqP yz /eqP y1z] : (y == 0) /\ (y1 == 0) by move/eqP: yy; rewrite paddr_eq0 // => /andP[].
  have x1x : x = - x1 by rewrite -[x](addrK x1) xx sub0r.
  have tz : t = 0.
    have : t * x1 = 0.
      apply/eqP; rewrite eq_le; move: q0 q10; rewrite yz y1z x1x mulr0 mulrN opprK add0r sub0r oppr_ge0.
      by move=> -> ->.
    move=> /eqP; rewrite mulf_eq0 => /orP[/eqP //|/eqP x1z]; move: lt_x; by rewrite x1x x1z oppr0 subr0 ltxx.
  move: nearest; rewrite -wk tz (theta_0 tz lt) !mul1r !mul0r !addr0 leNgt => /negP; exact.
have S_gt0 : 0 < S by rewrite lt_def S_neq0.
have cross_gt0 : 0 < cross.
  rewrite ltNge; apply/negP => cross_le0; have : 0 < cross * (y + y1) by rewrite along mulr_gt0.
  by rewrite ltNge => /negP; apply; rewrite mulr_le0_ge0.
have q2 : 0 <= (c * y - t * x) + (c * y1 - t * x1) by exact: addr_ge0.
have q_le0 : (c * y - t * x) + (c * y1 - t * x1) <= 0.
  rewrite -(pmulr_rle0 _ cross_gt0) turned mulr_le0_ge0 ?(ltW S_gt0) // subr_le0 wk.
  exact: nearest.
have /eqP q_0 : (c * y - t * x) + (c * y1 - t * x1) == 0 by rewrite eq_le q_le0.
have [/eqP qz /eqP q1z] : (c * y - t * x == 0) /\ (c * y1 - t * x1 == 0).
  by move/eqP: q_0; rewrite paddr_eq0 // => /andP[].
have /eqP : ((c * x1 + t * y1) - (c * x + t * y)) * S = 0 by rewrite -turned q_0 mulr0.
rewrite mulf_eq0 (negbTE S_neq0) orbF subr_eq0 => /eqP same.
have turn e e' : e = c * (c * e + t * e') - t * (c * e' - t * e).
  by transitivity (e * (c ^+ 2 + t ^+ 2)); [rewrite ct mulr1 | ring].
by move: lt_x; rewrite (turn x y) (turn x1 y1) qz q1z same subrr ltxx.
Qed.

(* beyond the edge u would be farther from the hull's face than 1 - alpha *)
Lemma below_edge : y < alpha * t -> x1 <= x.
Proof.
move=> low; rewrite leNgt; apply/negP => lt.
have h_ge0 : 0 <= alpha * t by exact: le_trans y0 (ltW low).
have t_gt0 : 0 < t by rewrite lt_def t0 andbT; apply: contraTneq low => ->; rewrite mulr0 -leNgt.
have sqr_lt : y ^+ 2 < (alpha * t) ^+ 2 by rewrite ltr_pexpn2r ?nnegrE.
have sqr_y1 : (alpha * t) ^+ 2 <= y1 ^+ 2 by exact: sqr_le.
pose G := w ^+ 2 - (alpha * t) ^+ 2; pose g := Num.sqrt G.
have G_ge : x1 ^+ 2 <= G by rewrite /G -circle -addrA ler_addl subr_ge0.
have G_lt : G < x ^+ 2 by rewrite /G -xy -addrA gtr_addl subr_lt0.
have g2 : g ^+ 2 = G by rewrite sqr_sqrtr // (le_trans (sqr_ge0 _) G_ge).
have g0 : 0 <= g by exact: sqrtr_ge0.
have x_lt0 : x < 0.
  rewrite ltNge; apply/negP => x0; have := le_lt_trans G_ge G_lt; rewrite ltNge => /negP; apply.
  by apply: sqr_le x0 (ltW lt).
have gx : g < - x.
  by rewrite -(ltr_pexpn2r (_ : (0 < 2)%N)) ?nnegrE ?oppr_ge0 ?(ltW x_lt0) // sqrrN g2.
have gx1 : 0 <= x1 + g by rewrite -ler_subl_addr sub0r; apply: sqr_small; rewrite ?g2.
have y1h : 0 <= y1 - alpha * t by rewrite subr_ge0.
have t_x1 : t * x1 <= c * y1 by rewrite -subr_ge0 wh mulr_ge0 // ltW.
have ga : 0 <= g + alpha * c.
  have [c0|c_lt0] := leP 0 c; first by rewrite addr_ge0 // mulr_ge0 // ltW.
  apply: (@scaled_le _ t) => //; rewrite mulr0.
  apply: (@certified _ (t * (x1 + g) + (c * y1 - t * x1) + - c * (y1 - alpha * t))); last by ring.
  apply: addr_ge0; last by rewrite mulr_ge0 ?oppr_ge0 // ltW.
  by apply: addr_ge0; [rewrite mulr_ge0 | rewrite subr_ge0].
have no_nearer : 0 <= c * (x1 + g) + t * (y1 - alpha * t).
  have [c0|c_lt0] := leP 0 c; first by rewrite addr_ge0 // mulr_ge0.
  have sum_gt0 : 0 < y1 + alpha * t by rewrite ltr_paddl ?mulr_gt0 // (le_trans h_ge0).
  apply: (scaled sum_gt0 (e := (x1 + g) * ((c * y1 - t * x1) + t * (g + alpha * c)))).
    by rewrite mulr_ge0 // addr_ge0 ?subr_ge0 // mulr_ge0.
  apply/eqP; rewrite -subr_eq0; apply/eqP.
  transitivity (t * ((x1 ^+ 2 + y1 ^+ 2) - (g ^+ 2 + (alpha * t) ^+ 2))); first by ring.
  by rewrite g2 circle /G subrK subrr mulr0.
have wide : 1 - alpha <= g + alpha * c.
  apply: le_of_sqr => //; apply: (@certified _ (2%:R * alpha * (c * (x1 + g) + t * (y1 - alpha * t)))).
    by rewrite mulr_ge0 // mulr_ge0 ?ler0n // ltW.
  transitivity ((g ^+ 2 + alpha ^+ 2 * c ^+ 2) + 2%:R * alpha * g * c - (1 - alpha) ^+ 2); first by ring.
  have -> : g ^+ 2 + alpha ^+ 2 * c ^+ 2 = 2%:R * w * alpha * k + (1 - alpha) ^+ 2 - 2%:R * alpha ^+ 2 * t ^+ 2.
    rewrite edge g2 /G; apply/eqP; rewrite -subr_eq0; apply/eqP.
    by transitivity (alpha ^+ 2 * (c ^+ 2 + t ^+ 2 - 1)); [ring | rewrite ct subrr mulr0].
  have -> : 2%:R * w * alpha * k = 2%:R * alpha * (w * k) by ring.
  by rewrite -wk; ring.
have a1 : 0 <= 1 - alpha by rewrite subr_ge0.
have seen : - (1 - alpha) <= x - alpha * a.
  apply: sqr_small => //; apply: le_trans near; rewrite ler_addl; exact: sqr_ge0.
have : 1 - alpha < 1 - alpha.
  apply: le_lt_trans wide _; apply: (lt_le_trans (_ : _ < - x + alpha * c)); first by rewrite ltr_add2r.
  apply: (@certified _ (alpha * (a - c) + (x - alpha * a + (1 - alpha)))); last by ring.
  apply: addr_ge0; first by rewrite mulr_ge0 ?subr_ge0 // ltW.
  by rewrite -[1 - alpha]opprK subr_ge0.
by rewrite ltxx.
Qed.

Lemma edge_angle : x1 <= x.
Proof.
have [low|high] := ltP y (alpha * t); first exact: below_edge.
have [before|beyond] := ltP (c * y) (t * x); [exact: below_theta | exact: above_edge].
Qed.

End Plane.

Section Compatible.
Variables (R : rcfType) (d : nat).
Implicit Types (p u v e g : 'rV[R]_d) (alpha s : R).

(* Bessel's inequality for a unit vector and one orthogonal to it *)
Lemma bessel e u g : norm u = 1 -> dot u g = 0 -> dot u e ^+ 2 + (dot e g / norm g) ^+ 2 <= norm e ^+ 2.
Proof.
move=> u1 ug; have uu : dot u u = 1 by rewrite -sqr_norm u1 expr1n.
have [g0|g_neq0] := eqVneq (norm g) 0.
  rewrite g0 invr0 mulr0 expr0n addr0 -[X in X <= _]real_normK ?num_real //; apply: sqr_le (normr_ge0 _) _.
  by apply: le_trans (cauchy_schwarz _ _) _; rewrite u1 mul1r.
pose e' := e - dot u e *: u.
have e'g : dot e' g = dot e g by rewrite dotDl dotNl dotZl ug mulr0 subr0.
have e'2 : norm e' ^+ 2 = norm e ^+ 2 - dot u e ^+ 2.
  by rewrite !sqr_norm !dotE uu (dotC e u); ring.
have g_gt0 : 0 < norm g by rewrite lt_def g_neq0 norm_ge0.
rewrite addrC -ler_subr_addr -e'2 -e'g.
have le : `|dot e' g / norm g| <= norm e'.
  by rewrite normrM [X in _ * X]ger0_norm ?invr_ge0 ?norm_ge0 // ler_pdivr_mulr // cauchy_schwarz.
by rewrite -[X in X <= _]real_normK ?num_real //; apply: sqr_le (normr_ge0 _) le.
Qed.

Lemma sine_spec (c : R) : -1 <= c -> c <= 1 -> c ^+ 2 + sine c ^+ 2 = 1.
Proof.
move=> c1 c2; have le : c ^+ 2 <= 1 ^+ 2.
  by rewrite -[X in X <= _]real_normK ?num_real //; apply: sqr_le (normr_ge0 _) _; rewrite ler_norml c1.
by rewrite sqr_sqrtr; [rewrite addrC subrK | rewrite subr_ge0 -[X in _ <= X](expr1n R 2)].
Qed.

(* every u compatible with mu_l is within Phi of it *)
(* Claim thm-1-exact: that Phi, as it is computed, bounds the angle of every compatible u *)
Theorem compatible_angle alpha s p u : 0 <= alpha -> compatible alpha s p u -> cos_exact alpha s (norm p) * norm p <= dot u p.
Proof.
move=> alpha0 [u1 [v [e [pE v1 near e1]]]].
have face : 1 - rho_sharp alpha s <= dot u p.
  rewrite pE dotDr dotZr; apply: (@certified _ (alpha * (dot u v - (1 - s ^+ 2 / 2%:R)) + ((1 - alpha) + dot u e))).
    apply: addr_ge0; first by rewrite mulr_ge0 ?subr_ge0.
    by rewrite -ler_subl_addl sub0r; apply: le_trans (dot_geN u e); rewrite u1 mul1r ler_opp2.
  by rewrite /rho_sharp; ring.
have [p0|p_neq0] := eqVneq (norm p) 0.
  have -> : p = 0 by apply: dot_eq0; rewrite -sqr_norm p0 expr0n.
  by rewrite norm0 mulr0 dot0r.
have w_gt0 : 0 < norm p by rewrite lt_def p_neq0 norm_ge0.
rewrite /cos_exact; case: ifP => [/and4P[alpha_gt0 ck k1 edge]|_]; last by rewrite divfK.
set c := cos_spread s in ck edge *; set k := cos_turned alpha (norm p) in ck k1 edge *; set w := norm p in w_gt0 edge *.
have c1 : -1 <= c by rewrite /c /cos_spread le_maxr lexx.
have c2 : c <= 1 by rewrite /c /cos_spread le_maxl (le_trans _ ler01) ?oppr_le0 ?ler01 // ger_addl oppr_le0; nonneg.
have k0 : -1 <= k by apply: le_trans ck; rewrite ler_opp2.
rewrite mulrC; pose g := p - dot u p *: u.
have uu : dot u u = 1 by rewrite -sqr_norm u1 expr1n.
have ug : dot u g = 0 by rewrite dotDr dotNr dotZr uu mulr1 subrr.
have g2 : norm g ^+ 2 = w ^+ 2 - dot u p ^+ 2 by rewrite !sqr_norm !dotE uu (dotC p u); ring.
have pg : dot p g = norm g ^+ 2 by rewrite g2 !sqr_norm !dotE (dotC p u); ring.
apply: (@edge_angle _ alpha c (sine c) k (sine k) w (dot u p) (norm g) (dot u v) (dot v g / norm g)) => //.
- by apply: le_trans e1 _ || rewrite -subr_ge0 (le_trans (norm_ge0 e)).
- exact: sqrtr_ge0.
- exact: sine_spec.
- exact: sqrtr_ge0.
- exact: sine_spec.
- by rewrite /k /cos_turned -/w; field; rewrite !gt_eqF.
- exact: norm_ge0.
- by rewrite g2 addrC subrK.
- rewrite /c /cos_spread le_maxl near andbT; have := dot_geN u v; rewrite u1 mul1r.
  by apply: le_trans; rewrite ler_opp2.
- apply: le_trans (bessel v u1 ug) _; rewrite -[X in _ <= X](expr1n _ 2).
  exact: sqr_le (norm_ge0 _) v1.
apply: le_trans (sqr_le (norm_ge0 _) e1); have eE : e = p - alpha *: v by rewrite pE addrC addKr.
apply: le_trans (bessel e u1 ug); rewrite le_eqVlt; apply/orP; left; apply/eqP; congr (_ ^+ 2 + _ ^+ 2).
  by rewrite eE dotDr dotNr dotZr.
rewrite eE dotDl dotNl dotZl pg mulrBl mulrA; congr (_ - _).
have [->|g_neq0] := eqVneq (norm g) 0; first by rewrite expr0n mul0r.
by rewrite expr2 mulfK.
Qed.

End Compatible.
