(* Theorem 1 in its forms cap and exact, as the ledger computes them: u lies in a cap about mu_l, whose angle is a formula, and so
   is the least margin by which the vectors of a cap are nearer to mu_l than to mu_k. Angles stand by their cosines. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry Theorem1Cap Theorem1Angle.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Margin.
Variable R : rcfType.
Implicit Types alpha s w c : R.

(* cos Phi of the form cap *)
Definition cos_cap alpha s w : R := Num.max (1 - rho_sharp alpha s) ((1 + w ^+ 2 - chord alpha s ^+ 2) / 2%:R) / w.

(* the least u.(p - q) over the unit vectors u whose angle with p has a cosine of at least c, less (|p|^2 - |q|^2) / 2 *)
Definition cap_margin (d : nat) c (p q : 'rV[R]_d) : R :=
  let along := dot p (p - q) / norm p in
  let across := Num.sqrt (norm (p - q) ^+ 2 - along ^+ 2) in
  (if c * norm (p - q) <= - along then - norm (p - q) else along * c - across * sine c)
    - (norm p ^+ 2 - norm q ^+ 2) / 2%:R.

End Margin.

(* In the plane of p = (w, 0) and p - q = (along, across): the point (c, - sine c) of the cap's rim has the least product with
   p - q, unless the cap holds - (p - q) *)
Section Rim.
Variables (R : rcfType) (c x y along across size : R).
Hypotheses (unit : x ^+ 2 + y ^+ 2 <= 1) (cx : c <= x) (across0 : 0 <= across) (size0 : 0 <= size).
Hypotheses (size2 : size ^+ 2 = along ^+ 2 + across ^+ 2) (outside : - along < c * size).
Local Notation t := (sine c).

Lemma rim_x_le1 : x <= 1.
Proof. by apply: le_of_sqr; rewrite ?ler01 // expr1n; apply: le_trans unit; rewrite ler_addl sqr_ge0. Qed.

Lemma rim_c_gtN1 : -1 < c.
Proof.
have le : along <= size by apply: le_of_sqr => //; rewrite size2 ler_addl sqr_ge0.
rewrite ltNge; apply/negP => c_le; move: outside; rewrite ltNge => /negP; apply.
by apply: le_trans (ler_wpmul2r size0 c_le) _; rewrite mulN1r ler_opp2.
Qed.

Lemma rim_circle : c ^+ 2 + t ^+ 2 = 1.
Proof. by apply: sine_spec; [exact: ltW rim_c_gtN1 | exact: le_trans cx rim_x_le1]. Qed.

Lemma rim_outside : 0 <= along * t + across * c.
Proof.
have t0 : 0 <= t := sqrtr_ge0 _.
have sqrs : (along * t) ^+ 2 - (across * c) ^+ 2 = along ^+ 2 - (c * size) ^+ 2.
  transitivity (along ^+ 2 * (c ^+ 2 + t ^+ 2) - c ^+ 2 * (along ^+ 2 + across ^+ 2)); first by ring.
  by rewrite rim_circle -size2; ring.
have [c0|/ltW c_le0] := leP 0 c; last first.
  have along0 : 0 <= along.
    by rewrite -oppr_le0; apply: le_trans (ltW outside) _; rewrite mulr_le0_ge0.
  rewrite -[across * c]opprK subr_ge0; apply: le_of_sqr; first exact: mulr_ge0.
  rewrite sqrrN -subr_ge0 sqrs subr_ge0 -(sqrrN (c * size)); apply: sqr_le; first by rewrite oppr_ge0 mulr_le0_ge0.
  by rewrite ler_oppl ltW.
have [along0|/ltW along_le0] := leP 0 along; first by rewrite addr_ge0 // mulr_ge0.
rewrite addrC -[along * t]opprK subr_ge0; apply: le_of_sqr; first exact: mulr_ge0.
rewrite sqrrN -subr_ge0 -opprB sqrs opprB subr_ge0 -(sqrrN along); apply: sqr_le (ltW outside).
by rewrite oppr_ge0.
Qed.

Lemma rim_least : along * c - across * t <= along * x + across * y.
Proof.
have t0 : 0 <= t := sqrtr_ge0 _.
have [tz|t_neq0] := eqVneq t 0.
  have x1 := rim_x_le1; have c1 : c = 1.
    have := rim_circle; rewrite tz expr0n addr0 => /eqP; rewrite sqrf_eq1 => /orP[/eqP //|/eqP cN1].
    by have := rim_c_gtN1; rewrite cN1 ltxx.
  have x_eq : x = 1 by apply/eqP; rewrite eq_le x1 -{1}c1.
  have y_eq : y = 0.
    by apply/eqP; rewrite -sqrf_eq0 eq_le sqr_ge0 andbT; move: unit; rewrite x_eq expr1n ger_addl.
  by rewrite tz c1 x_eq y_eq !mulr0 subr0 addr0.
have t_gt0 : 0 < t by rewrite lt_def t_neq0.
have unit0 : 0 <= 1 - (x ^+ 2 + y ^+ 2) by rewrite subr_ge0.
rewrite -subr_ge0; apply: (scaled t_gt0 (e := (along * t + across * c) * (x - c)
  + across * (((x - c) ^+ 2 + (y + t) ^+ 2 + (1 - (x ^+ 2 + y ^+ 2))) / 2%:R))).
  apply: addr_ge0; apply: mulr_ge0 => //; [exact: rim_outside | by rewrite subr_ge0 |].
  by apply: divr_ge0; [apply: addr_ge0 => //; apply: addr_ge0; exact: sqr_ge0 | exact: ler0n].
apply/eqP; rewrite -subr_eq0; apply/eqP.
transitivity (across * (c ^+ 2 + t ^+ 2 - 1) / 2%:R); last by rewrite rim_circle subrr mulr0 mul0r.
by field.
Qed.

End Rim.

Section Computed.
Variables (R : rcfType) (d : nat).
Implicit Types (p q u : 'rV[R]_d) (c alpha s : R).

Lemma nearer_by_margin p q u : (norm p ^+ 2 - norm q ^+ 2) / 2%:R < dot u (p - q) -> norm (u - p) < norm (u - q).
Proof.
rewrite ltr_pdivr_mulr ?ltr0n // => margin.
rewrite -(@ltr_pexpn2r _ 2) ?nnegrE ?norm_ge0 // !sqr_normB -subr_gt0.
have -> : norm u ^+ 2 - 2%:R * dot u q + norm q ^+ 2 - (norm u ^+ 2 - 2%:R * dot u p + norm p ^+ 2)
    = dot u (p - q) * 2%:R - (norm p ^+ 2 - norm q ^+ 2) by rewrite dotDr dotNr; ring.
by rewrite subr_gt0.
Qed.

(* all u within the angle of p are nearer to p than to q where the margin is positive *)
Lemma cap_nearer c p q u : (norm p = 0 -> c = 0) -> norm u = 1 -> c * norm p <= dot u p -> 0 < cap_margin c p q ->
  norm (u - p) < norm (u - q).
Proof.
move=> zero u1 in_cap; rewrite /cap_margin; set g := p - q; set w := norm p.
rewrite subr_gt0 => margin; apply: nearer_by_margin; apply: lt_le_trans margin _; rewrite -/g.
case: ifP => [_|/negbT]; first by apply: le_trans (dot_geN u g); rewrite u1 mul1r.
rewrite -ltNge => outside.
have w_neq0 : w != 0.
  by apply: contraTneq outside => wz; rewrite (zero wz) mul0r wz invr0 mulr0 oppr0 ltxx.
have w_gt0 : 0 < w by rewrite lt_def w_neq0 norm_ge0.
pose e := w^-1 *: p.
have e1 : norm e = 1 by rewrite /e normZ ger0_norm ?invr_ge0 ?norm_ge0 // mulVf.
have alongE : dot g p / w = dot g e by rewrite /e dotZr mulrC.
have dot_pg : dot p g / w = dot g e by rewrite -alongE (dotC g).
have eu : c <= dot e u by rewrite /e dotC dotZr -ler_pdivr_mull ?invr_gt0 // invrK mulrC.
clearbody e g; rewrite dot_pg in outside *; set A := dot g e in outside *; pose r := g - A *: e.
have ee : dot e e = 1 by rewrite -sqr_norm e1 expr1n.
have er : dot e r = 0 by rewrite dotDr dotNr dotZr ee mulr1 /A dotC subrr.
have r2 : norm r ^+ 2 = norm g ^+ 2 - A ^+ 2.
  by rewrite !sqr_norm /r !dotE ee (dotC e g) -/A; ring.
have acrossE : Num.sqrt (norm g ^+ 2 - A ^+ 2) = norm r by rewrite -r2 sqrtr_sqr ger0_norm ?norm_ge0.
rewrite acrossE.
have ug : dot u g = A * dot e u + norm r * (dot u r / norm r).
  have -> : norm r * (dot u r / norm r) = dot u r.
    have [rz|r_neq0] := eqVneq (norm r) 0; last by rewrite mulrC divfK.
    have -> : r = 0 by apply: dot_eq0; rewrite -sqr_norm rz expr0n.
    by rewrite dot0r mul0r mulr0.
  by rewrite /r dotDr dotNr dotZr (dotC e u) addrCA subrr addr0.
rewrite ug; apply: (@rim_least _ c _ _ A (norm r) (norm g)) => //.
- by apply: le_trans (bessel u e1 er) _; rewrite u1 expr1n.
- exact: norm_ge0.
- exact: norm_ge0.
by rewrite r2 addrC subrK.
Qed.

Lemma cos_exact_0 alpha s : cos_exact alpha s 0 = 0.
Proof.
rewrite /cos_exact; case: ifP => [/and4P[alpha_gt0 _ _]|_]; last by rewrite invr0 mulr0.
rewrite mul0r pmulr_rle0 // => t_le0; have -> : sine (cos_spread s) = 0.
  by apply/eqP; rewrite eq_le t_le0 sqrtr_ge0.
by rewrite /cos_turned mulr0 mul0r invr0 !mulr0 mul0r subr0.
Qed.

Lemma cos_cap_0 alpha s : cos_cap alpha s 0 = 0.
Proof. by rewrite /cos_cap invr0 mulr0. Qed.

Lemma in_cap_angle alpha s p u : in_cap alpha s p u -> cos_cap alpha s (norm p) * norm p <= dot u p.
Proof.
move=> [_ sharp chord]; have [pz|p_neq0] := eqVneq (norm p) 0.
  have -> : p = 0 by apply: dot_eq0; rewrite -sqr_norm pz expr0n.
  by rewrite norm0 mulr0 dot0r.
rewrite /cos_cap divfK // le_maxl sharp /= ler_pdivr_mulr ?ltr0n // mulrC.
by apply: le_trans chord _; rewrite mulrC.
Qed.

End Computed.

Section Forms.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypotheses (n_gt0 : (0 < n)%N) (unit_f : unit_features f).
Variables (sigma eps t : R) (C : 'I_K -> {set 'I_n}).
Hypothesis mains : forall l, main_part f label sigma t l (C l).
Local Notation mean := (class_mean f label).
Local Notation alpha l := (alpha f label sigma eps l).
Local Notation s := (t + 2%:R * eps).
Local Notation conclusion := (nearest_mean_error f label original <= (1 - sigma) + misaligned_share f eps).

(* Claim thm-1-cap: as the ledger computes it, angles standing by their cosines *)
Theorem theorem_1_cap_computed :
  (forall l k, k != l -> 0 < cap_margin (cos_cap (alpha l) s (norm (mean l))) (mean l) (mean k)) -> conclusion.
Proof.
move=> margin; apply: (theorem_1_cap original n_gt0 unit_f mains) => l k u kl inside.
apply: cap_nearer (margin l k kl); [by move=> ->; exact: cos_cap_0 | by case: inside | exact: in_cap_angle].
Qed.

(* Claim thm-1-exact: as the ledger computes it, angles standing by their cosines; that it is the weakest condition is not formal *)
Theorem theorem_1_exact_computed :
  (forall l k, k != l -> 0 < cap_margin (cos_exact (alpha l) s (norm (mean l))) (mean l) (mean k)) -> conclusion.
Proof.
move=> margin; apply: (theorem_1_exact original n_gt0 unit_f mains) => l k u kl inside.
apply: cap_nearer (margin l k kl); [by move=> ->; exact: cos_exact_0 | by case: inside |].
by apply: compatible_angle inside; rewrite /Setting.alpha le_maxr lexx.
Qed.

End Forms.
