(* McDiarmid's inequality on finite probability spaces: a function of independent outcomes, each of which moves it little,
   is rarely far above its expectation. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Exponential Population Laws Hoeffding.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section McDiarmid.
Variables (R : rcfType) (exp : R -> R).
Hypotheses (arch : archimedean R) (is_exp : is_exponential exp).
Implicit Types (c s t u q : R).

Let expD x y : exp (x + y) = exp x * exp y. Proof. exact: is_exp.1. Qed.

Lemma exp_convex q u t : 0 <= q <= 1 -> exp (q * u + (1 - q) * t) <= q * exp u + (1 - q) * exp t.
Proof.
move=> /andP[q0 q1]; set z := _ + _.
have tangent x : exp z * (1 + (x - z)) <= exp x.
  have -> : exp x = exp z * exp (x - z) by rewrite -expD; congr exp; ring.
  by rewrite ler_wpmul2l ?is_exp.2 ?ltW ?(exp_gt0 is_exp).
have q1' : 0 <= 1 - q by rewrite subr_ge0.
apply: le_trans (ler_add (ler_wpmul2l q0 (tangent u)) (ler_wpmul2l q1' (tangent t))).
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite /z; ring.
Qed.

(* Hoeffding's lemma *)
Lemma hoeffding (T : finType) (p : T -> R) (X : T -> R) c t : is_law p -> 0 < c -> (forall x y, X x - X y <= c) ->
  expected p (fun x => exp (t * (X x - expected p X))) <= exp ((t * c) ^+ 2 / 8%:R).
Proof.
move=> law c0 range; have [x0 _|none] := pickP (@predT T); last first.
  have := oner_neq0 R; rewrite -law.2 big1 ?eqxx // => x _; by have := none x.
have [low _ least] := @arg_minP _ _ T x0 predT X isT.
set m := expected p X; pose part x := (X x - X low) / c; pose q := (m - X low) / c.
have part01 x : 0 <= part x <= 1.
  by rewrite divr_ge0 ?(ltW c0) ?subr_ge0 ?least //= ler_pdivr_mulr // mul1r range.
have mean_part : expected p part = q.
  rewrite /q /m /expected mulrBl mulr_suml -[X in _ - X * _]mulr1 -law.2 mulr_sumr mulr_suml -sumrB.
  by apply: eq_bigr => x _; rewrite /part; field; rewrite gt_eqF.
have q01 : 0 <= q <= 1.
  rewrite -mean_part; apply/andP; split.
    by apply: sumr_ge0 => x _; rewrite mulr_ge0 ?law.1 //; case/andP: (part01 x).
  rewrite -law.2; apply: ler_sum => x _; rewrite -[X in _ <= X]mulr1 ler_wpmul2l ?law.1 //.
  by case/andP: (part01 x).
have split_x x : t * (X x - m) = part x * ((1 - q) * (t * c)) + (1 - part x) * - (q * (t * c)).
  by rewrite /part /q; field; rewrite gt_eqF.
apply: le_trans (two_points arch is_exp (t * c) q01).
set high := exp _; set less := exp (- _).
apply: le_trans (_ : expected p (fun x => part x * high + (1 - part x) * less) <= _).
  by apply: ler_sum => x _; rewrite ler_wpmul2l ?law.1 // split_x exp_convex.
have -> : q * high + (1 - q) * less = less + (high - less) * expected p part by rewrite mean_part; ring.
rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite -[less in RHS]mul1r -[X in X * less + _]law.2 mulr_suml mulr_sumr.
by rewrite -big_split; apply: eq_bigr => x _ /=; ring.
Qed.

(* one more independent outcome *)
Lemma one_more (A B : finType) (p : A -> R) (q : B -> R) (F : A * B -> R) c s t : is_law p -> is_law q -> 0 < c ->
  (forall x x' y, F (x, y) - F (x', y) <= c) ->
  (forall x, expected q (fun y => exp (t * (F (x, y) - expected q (fun y => F (x, y))))) <= exp s) ->
  expected (pair_law p q) (fun w => exp (t * (F w - expected (pair_law p q) F))) <= exp ((t * c) ^+ 2 / 8%:R + s).
Proof.
move=> law_p law_q c0 moves given; pose G x := expected q (fun y => F (x, y)).
have mean : expected (pair_law p q) F = expected p G.
  by rewrite expected_pair; apply: eq_bigr => x _; rewrite /G /expected mulr_sumr; apply: eq_bigr => y _; rewrite mulrA.
have range x x' : G x - G x' <= c.
  rewrite -expectedB -[X in _ <= X]mul1r -law_q.2 mulr_suml.
  by apply: ler_sum => y _; rewrite ler_wpmul2l ?law_q.1.
rewrite mean expected_pair.
apply: le_trans (_ : \sum_x p x * (exp (t * (G x - expected p G)) * exp s) <= _); last first.
  rewrite expD; under eq_bigr do rewrite mulrA; rewrite -mulr_suml ler_wpmul2r ?(ltW (exp_gt0 is_exp _)) //.
  exact: hoeffding.
apply: ler_sum => x _; under eq_bigr do rewrite -mulrA; rewrite -mulr_sumr ler_wpmul2l ?law_p.1 //.
apply: le_trans (_ : exp (t * (G x - expected p G)) * expected q (fun y => exp (t * (F (x, y) - G x))) <= _); last first.
  by rewrite ler_wpmul2l ?(ltW (exp_gt0 is_exp _)) ?given.
rewrite /expected mulr_sumr le_eqVlt; apply/orP; left; apply/eqP; apply: eq_bigr => y _.
by rewrite mulrCA -expD -mulrDr; congr (_ * exp (_ * _)); ring.
Qed.

Section Draws.
Variable T : finType.

(* one outcome, the i-th, moves F by at most c i *)
Definition bounded_differences n (F : {ffun 'I_n -> T} -> R) (c : 'I_n -> R) : Prop :=
  forall i (w w' : {ffun 'I_n -> T}), (forall k, k != i -> w k = w' k) -> F w - F w' <= c i.

Lemma mcdiarmid_moment n (p : 'I_n -> T -> R) (F : {ffun 'I_n -> T} -> R) (c : 'I_n -> R) t :
  (forall i, is_law (p i)) -> (forall i, 0 < c i) -> bounded_differences F c ->
  expected (product_law p) (fun w => exp (t * (F w - expected (product_law p) F)))
    <= exp (t ^+ 2 * (\sum_i c i ^+ 2) / 8%:R).
Proof.
elim: n p F c => [|n IH] p F c laws c0 moves.
  have law := product_is_law laws.
  have no_draws w : F w = expected (product_law p) F.
    rewrite -[LHS]mul1r -law.2 mulr_suml; apply: eq_bigr => w' _; congr (_ * F _).
    by apply/ffunP => i; case: i.
  rewrite big_ord0 mulr0 mul0r (exp0 is_exp) -[X in _ <= X]law.2; apply: ler_sum => w _.
  by rewrite -(no_draws w) subrr mulr0 (exp0 is_exp) mulr1.
pose p' (i : 'I_n) := p (lift ord0 i); pose F' w := F (cons w.1 w.2).
have law' : is_law (product_law p') by apply: product_is_law => i; apply: laws.
rewrite big_ord_recl mulrDr mulrDl -exprMn.
rewrite !expected_cons; apply: (one_more (F := F') (laws ord0) law' (c0 ord0)) => [x x' w|x].
  by apply: (moves ord0) => k; case: (unliftP ord0 k) => [j|] ->; rewrite ?eqxx // !cons_lift.
apply: IH => [i|i|i w w' same]; [exact: laws | exact: c0 | apply: (moves (lift ord0 i)) => k].
by case: (unliftP ord0 k) => [j|] -> ji; rewrite ?cons0 // !cons_lift same //; apply: contraNneq ji => ->.
Qed.

(* P[F - E F >= s] <= exp(-2 s^2 / sum_i c_i^2) *)
(* Claims population-mean, population-mean-sharp: McDiarmid's inequality on finite probability spaces *)
Theorem mcdiarmid n (p : 'I_n -> T -> R) (F : {ffun 'I_n -> T} -> R) (c : 'I_n -> R) s : (0 < n)%N ->
  (forall i, is_law (p i)) -> (forall i, 0 < c i) -> bounded_differences F c -> 0 <= s ->
  probability (product_law p) [set w | s <= F w - expected (product_law p) F]
    <= exp (- (2%:R * s ^+ 2 / \sum_i c i ^+ 2)).
Proof.
move=> n_gt0 laws c0 moves s0; set m := expected _ F; set C := \sum_i _.
have C0 : 0 < C.
  rewrite /C (bigD1 (Ordinal n_gt0)) //= ltr_paddr ?exprn_gt0 // ; apply: sumr_ge0 => i _; exact: sqr_ge0.
pose t := 4%:R * s / C; have t0 : 0 <= t by rewrite divr_ge0 ?(ltW C0) ?mulr_ge0 ?ler0n.
have law := product_is_law laws; have pos x := exp_gt0 is_exp x.
apply: le_trans (_ : probability (product_law p) [set w | (exp (- (t * s)))^-1 <= exp (t * (F w - m))] <= _).
  apply: (probability_le law); apply/subsetP => w; rewrite !inE => far.
  by rewrite -(expN is_exp) opprK (exp_le is_exp) // ler_wpmul2l.
apply: le_trans (markov law (fun w => ltW (pos _)) (pos _)) _.
apply: le_trans (ler_wpmul2l (ltW (pos _)) (mcdiarmid_moment t laws c0 moves)) _.
rewrite -expD -/C le_eqVlt; apply/orP; left; apply/eqP; congr exp; rewrite /t.
by field; rewrite gt_eqF.
Qed.

End Draws.

End McDiarmid.
