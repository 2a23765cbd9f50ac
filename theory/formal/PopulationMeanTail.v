(* How far the mean of n independent draws is from the expectation, at a level. Lengths are in units of r. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Exponential Population PopulationMean.
From ContrastiveTheory Require Import Laws Hoeffding McDiarmid.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalars.
Variable R : rcfType.
Implicit Types N D t w u s : R.

(* with w = |m|, u = |mu| and D = |m - mu|: a square completed *)
Lemma solved N D t w u : 0 <= N -> N * (D - t) ^+ 2 <= 1 - u ^+ 2 -> (w - D) ^+ 2 <= u ^+ 2 ->
  (D * (N + 1) - (N * t + w)) ^+ 2 <= (N + 1) - N * (w - t) ^+ 2.
Proof.
move=> N0 excess long; rewrite -subr_ge0 in excess; rewrite -subr_ge0 in long.
apply: (@certified _ ((N + 1) * ((1 - u ^+ 2 - N * (D - t) ^+ 2) + (u ^+ 2 - (w - D) ^+ 2)))); last by ring.
by apply: mulr_ge0; [rewrite addr_ge0 ?ler01 | exact: addr_ge0].
Qed.

Lemma never_above N t w s : 0 <= N -> s ^+ 2 * N = 1 ->
  (N + 1) - N * (w - t) ^+ 2 <= ((t + s) * (N + 1) - (N * t + w)) ^+ 2.
Proof.
move=> N0 unit_s; apply: (@certified _ ((N + 1) * ((s - (w - t)) ^+ 2 + (s ^+ 2 * N - 1)))); last by ring.
by rewrite unit_s subrr addr0; apply: mulr_ge0; [rewrite addr_ge0 ?ler01 | exact: sqr_ge0].
Qed.

End Scalars.

(* Claims population-mean, population-mean-sharp: X_i, the mean of the views of a sample, has norm at most r = 1 *)
Theorem views_mean_short (R : rcfType) (d m : nat) (f : 'I_m -> 'rV[R]_d) :
  (forall j, norm (f j) <= 1) -> norm (average_vector f) <= 1.
Proof.
move=> short; rewrite normZ ger0_norm ?invr_ge0 ?ler0n // card_ord; have [m0|m_gt0] := posnP m.
  by rewrite {1}m0 invr0 mul0r ler01.
rewrite ler_pdivr_mull ?ltr0n // mulr1; apply: le_trans (norm_sum_le _ _) _.
by rewrite -[X in _ <= X%:R]card_ord -sumr_const; apply: ler_sum => j _; apply: short.
Qed.

Section Tail.
Variables (R : rcfType) (exp log : R -> R).
Hypotheses (arch : archimedean R) (is_exp : is_exponential exp) (is_log : is_logarithm exp log).
Variables (d n : nat) (Omega : finType).
Variable weight : Omega -> R.               (* the law of one draw *)
Variable X : Omega -> 'rV[R]_d.             (* the mean of the features of a sample *)
Hypotheses (law : is_law weight) (n_gt0 : (0 < n)%N) (short : forall x, norm (X x) <= 1).
Local Notation draws := (product_law (fun _ : 'I_n => weight)).
Local Notation mu := (population_mean weight X).
Local Notation distance := (fun w : {ffun 'I_n -> Omega} => norm (sample_mean X w - mu)).

Let n_pos : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

(* t = sqrt(2 ln(1/a) / n), and e of the sharper claim for a sample mean of norm w *)
Definition tail a : R := Num.sqrt (2%:R * log a^-1 / n%:R).
Definition sharp_radius t w : R :=
  Num.max t ((n%:R * t + w + Num.sqrt ((n%:R + 1) - n%:R * (w - t) ^+ 2)) / (n%:R + 1)).

Lemma log_ge0 a : 0 < a <= 1 -> 0 <= log a^-1.
Proof.
move=> /andP[a0 a1]; apply: (le_log is_exp is_log).
by rewrite (exp0 is_exp) -[a^-1]mul1r ler_pdivl_mulr // mul1r.
Qed.

(* |m - mu| exceeds its expectation by t or more with probability at most a *)
Lemma distance_tail a : 0 < a <= 1 -> probability draws
  [set w | tail a <= distance w - expected draws distance] <= a.
Proof.
move=> a01; have /andP[a0 a1] := a01.
have moves : bounded_differences distance (fun _ : 'I_n => 2%:R / n%:R).
  move=> i w w' same; apply: le_trans (ler_norm _) _; exact: (one_draw_moves_little weight short same).
have two_n : 0 < 2%:R / n%:R :> R by rewrite divr_gt0 ?ltr0n.
apply: le_trans (mcdiarmid arch is_exp n_gt0 (fun=> law) (fun=> two_n) moves (sqrtr_ge0 _)) _.
rewrite /tail sqr_sqrtr ?divr_ge0 ?mulr_ge0 ?log_ge0 ?ler0n // sumr_const card_ord.
rewrite -[X in _ <= X]invrK -{2}(is_log (y := a^-1)) ?invr_gt0 //.
rewrite -(expN is_exp) le_eqVlt; apply/orP; left; apply/eqP; congr (exp (- _)).
rewrite -[_ ^+ 2 *+ n]mulr_natr; move: (log _) (n%:R : R) n_pos => l N N0.
by field; rewrite gt_eqF.
Qed.

(* with probability at least 1 - a, |m - mu| <= t + sqrt((1 - |mu|^2) / n) *)
Lemma distance_near a : 0 < a <= 1 ->
  1 - a <= probability draws [set w | distance w <= tail a + Num.sqrt ((1 - norm mu ^+ 2) / n%:R)].
Proof.
move=> a01; have total : \sum_w draws w = 1 := (product_is_law (fun=> law)).2.
rewrite ler_subl_addl -ler_subl_addr -(probabilityC total); apply: le_trans (distance_tail a01).
apply: (probability_le (product_is_law (fun=> law))); apply/subsetP => w; rewrite !inE -ltNge => /ltW far.
have [mean _] := sample_mean_expected law.1 law.2 n_gt0 short.
by rewrite ler_subr_addr; apply: le_trans far; rewrite ler_add2l.
Qed.

(* P[|m - mu| <= (1 + sqrt(2 ln(1/a))) / sqrt(n)] >= 1 - a *)
(* Claim population-mean: laws on finitely many vectors, r = 1; numbers without infinitesimals *)
Theorem sample_mean_near a : 0 < a <= 1 ->
  1 - a <= probability draws [set w | distance w <= (1 + Num.sqrt (2%:R * log a^-1)) / Num.sqrt n%:R].
Proof.
move=> a01; apply: le_trans (distance_near a01) _; apply: (probability_le (product_is_law (fun=> law))).
apply/subsetP => w; rewrite !inE => /le_trans; apply.
rewrite [X in _ <= X]mulrDl mul1r [X in _ <= X]addrC ler_add //; last first.
  by have [_] := sample_mean_expected law.1 law.2 n_gt0 short.
by rewrite /tail sqrtrM ?mulr_ge0 ?ler0n ?log_ge0 ?sqrtrV ?ler0n.
Qed.


Lemma sample_mean_short (w : {ffun 'I_n -> Omega}) : norm (sample_mean X w) <= 1.
Proof. by have := views_mean_short (fun i => short (w i)); rewrite /average_vector card_ord.
Qed.

(* P[|m - mu| <= e] >= 1 - a with e from |m| alone, which is at most t + 1 / sqrt(n) *)
(* Claim population-mean-sharp: laws on finitely many vectors, r = 1; numbers without infinitesimals *)
Theorem sample_mean_near_sharp a : 0 < a <= 1 ->
  1 - a <= probability draws [set w | distance w <= sharp_radius (tail a) (norm (sample_mean X w))]
  /\ forall w : {ffun 'I_n -> Omega}, sharp_radius (tail a) (norm (sample_mean X w)) <= tail a + (Num.sqrt n%:R)^-1.
Proof.
move=> a01; set t := tail a; have t0 : 0 <= t := sqrtr_ge0 _; have n1 : 0 < n%:R + 1 :> R by rewrite addr_gt0 ?ltr01.
split.
  apply: le_trans (distance_near a01) _; apply: (probability_le (product_is_law (fun=> law))).
  apply/subsetP => w; rewrite !inE /sharp_radius -/t; set m := sample_mean X w; set D := norm (m - mu) => near.
  have [below|above] := leP D t; first by rewrite le_maxr below.
  have gap0 : 0 <= D - t by rewrite subr_ge0 ltW.
  have far : D - t <= Num.sqrt ((1 - norm mu ^+ 2) / n%:R) by rewrite ler_subl_addl.
  have room : 0 < (1 - norm mu ^+ 2) / n%:R by rewrite -sqrtr_gt0 (lt_le_trans _ far) ?subr_gt0.
  have excess : n%:R * (D - t) ^+ 2 <= 1 - norm mu ^+ 2.
    by rewrite mulrC -ler_pdivl_mulr // -[X in _ <= X]sqr_sqrtr ?(ltW room) // sqr_le.
  have long : (norm m - D) ^+ 2 <= norm mu ^+ 2.
    rewrite -real_normK ?num_real // sqr_le // /D; apply: norm_gap.
    by rewrite opprB addrC subrK.
  rewrite le_maxr; apply/orP; right; rewrite ler_pdivl_mulr // -ler_subl_addl; apply: le_of_sqr; first exact: sqrtr_ge0.
  have square : (D * (n%:R + 1) - (n%:R * t + norm m)) ^+ 2 <= (n%:R + 1) - n%:R * (norm m - t) ^+ 2.
    by apply: solved excess long; rewrite ler0n.
  by rewrite sqr_sqrtr // (le_trans _ square) ?sqr_ge0.
move=> w; set r := norm _; pose s : R := (Num.sqrt n%:R)^-1.
have s0 : 0 < s by rewrite invr_gt0 sqrtr_gt0.
have s_n : s ^+ 2 * n%:R = 1 by rewrite exprVn sqr_sqrtr ?ler0n // mulVf ?gt_eqF.
have r1 : r <= 1 by exact: sample_mean_short.
have sn1 : 1 <= s * n%:R.
  rewrite -(ler_pexpn2r (n := 2)) ?nnegrE ?mulr_ge0 ?ler0n ?(ltW s0) // expr1n exprMn expr2 mulrA -expr2 s_n mul1r.
  by rewrite ler1n.
rewrite /sharp_radius le_maxl ler_addl (ltW s0) /= ler_pdivr_mulr // -ler_subr_addl.
have room : 0 <= (t + s) * (n%:R + 1) - (n%:R * t + r).
  by apply: (@certified _ (t + s + (s * n%:R - 1) + (1 - r))); [have s0' := ltW s0; nonneg | ring].
by rewrite -[X in _ <= X]ger0_norm // -sqrtr_sqr ler_wsqrtr // never_above ?ler0n.
Qed.

End Tail.
