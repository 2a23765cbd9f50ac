(* Bets on which of two class means is nearer to a point v: the mean and the range of one bet, the mean of the wealth after
   n of them, and how rarely it reaches 1/a. Laws are on finite sets; lengths are in units of r. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Population PopulationMean Laws.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Wealth.
Variables (R : rcfType) (n : nat) (T : finType) (p : 'I_n -> T -> R).
Hypothesis laws : forall i, is_law (p i).

(* factors that are independent, not negative and of mean at most 1 have a product, the wealth, of mean at most 1 *)
(* Claim population-bets: any n and any factors, which may differ from round to round *)
Theorem independent_wealth (factor : 'I_n -> T -> R) (a : R) :
  (forall i x, 0 <= factor i x) -> (forall i, expected (p i) (factor i) <= 1) -> 0 < a ->
  expected (product_law p) (fun w : {ffun 'I_n -> T} => \prod_i factor i (w i)) <= 1
  /\ probability (product_law p) [set w : {ffun 'I_n -> T} | a^-1 <= \prod_i factor i (w i)] <= a.
Proof.
move=> factor_ge0 fair a_gt0.
have mean : expected (product_law p) (fun w : {ffun 'I_n -> T} => \prod_i factor i (w i)) <= 1.
  rewrite expected_product; apply: le_trans (_ : \prod_(i < n) 1 <= _); last by rewrite big1.
  apply: ler_prod => i _; rewrite fair andbT.
  by apply: sumr_ge0 => x _; rewrite mulr_ge0 //; case: (laws i).
split=> //; have wealth_ge0 (w : {ffun 'I_n -> T}) : 0 <= \prod_i factor i (w i) by apply: prodr_ge0.
apply: le_trans (markov (product_is_law laws) wealth_ge0 a_gt0) _.
by rewrite -[X in _ <= X]mulr1 ler_wpmul2l // ltW.
Qed.

End Wealth.

Section Vector.
Variables (R : rcfType) (d : nat).
Implicit Types (v f : 'rV[R]_d).

(* (v - f).(v - f') lies in [-1/2, 4] *)
(* Claim population-bets: the steps `least` and `most`, in any dimension *)
Theorem bet_range v f f' : norm v = 1 -> norm f <= 1 -> norm f' <= 1 -> - 2%:R^-1 <= dot (v - f) (v - f') <= 4%:R.
Proof.
move=> v1 short short'; apply/andP; split; last first.
  apply: le_trans (dot_le _ _) _; have le2 g : norm g <= 1 -> norm (v - g) <= 2%:R => [g1|].
    by apply: le_trans (triangle _ _) _; rewrite normN v1 -[2%:R]/(1 + 1) ler_add2l.
  by rewrite (natrM _ 2 2) ler_pmul ?norm_ge0 ?le2.
have sum_f := sqr_normD f f'; have turn := dot_le v (f + f'); rewrite v1 mul1r in turn.
have f2 : norm f ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0.
have f2' : norm f' ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0.
have v2 : dot v v = 1 by rewrite -sqr_norm v1 expr1n.
rewrite -subr_ge0; apply: (@scaled _ 2%:R _ ((norm (f + f') - 1) ^+ 2 + 2%:R * (norm (f + f') - dot v (f + f'))
  + ((1 - norm f ^+ 2) + (1 - norm f' ^+ 2)))); first by rewrite ltr0n.
  by nonneg.
have -> : dot (v - f) (v - f') = 1 - dot v (f + f') + dot f f' by rewrite !dotE v2 (dotC f v); ring.
by rewrite sqrrB sum_f; field.
Qed.

End Vector.

Section Bets.
Variables (R : rcfType) (d n : nat) (Omega : finType).
Variable X : Omega -> 'rV[R]_d.             (* the vectors that f_i and g_i may be *)
Variables p q : 'I_n -> bool -> Omega -> R. (* laws: p i false of f_{2i-1}, p i true of f_{2i}, q of g_{2i-1} and g_{2i} *)
Variables mu nu v : 'rV[R]_d.
Local Notation round := (Omega * Omega * (Omega * Omega))%type.
Implicit Types (w : round) (rate a : R).

Hypotheses (laws_p : forall i b, is_law (p i b)) (laws_q : forall i b, is_law (q i b)).
Hypotheses (mean_p : forall i b, population_mean (p i b) X = mu) (mean_q : forall i b, population_mean (q i b) X = nu).
Hypotheses (short : forall x, norm (X x) <= 1) (v1 : norm v = 1).

(* one round: f_{2i-1} and f_{2i} are the vectors of w.1, g_{2i-1} and g_{2i} those of w.2; and V_i *)
Definition round_law i : round -> R := pair_law (pair_law (p i false) (p i true)) (pair_law (q i false) (q i true)).
Definition product_of (w : Omega * Omega) : R := dot (v - X w.1) (v - X w.2).
Definition gain w : R := product_of w.2 - product_of w.1.
Definition wealth rate (w : {ffun 'I_n -> round}) : R := \prod_i (1 + rate * gain (w i)).

Lemma centred (law : Omega -> R) m : is_law law -> population_mean law X = m -> \sum_x law x *: (v - X x) = v - m.
Proof.
move=> [_ total] <-; rewrite /population_mean -[X in X - _]scale1r -total scaler_suml -sumrB.
by apply: eq_bigr => x _; rewrite scalerBr.
Qed.

Lemma expected_product_of (law law' : Omega -> R) m : is_law law -> is_law law' ->
  population_mean law X = m -> population_mean law' X = m ->
  expected (pair_law law law') product_of = norm (v - m) ^+ 2.
Proof.
move=> of_f of_f' mean mean'; rewrite sqr_norm -{1}(centred of_f mean) dotC dot_sumr expected_pair.
apply: eq_bigr => x _; rewrite dotZr -(centred of_f' mean') dotC dot_sumr mulr_sumr; apply: eq_bigr => y _.
by rewrite dotZr mulrA.
Qed.

Lemma round_is_law i : is_law (round_law i).
Proof. by do !apply: pair_is_law. Qed.

(* E V_i = |v - nu|^2 - |v - mu|^2, since (v - f).(v - f') has mean |v - mu|^2 for independent f, f' of mean mu *)
(* Claim population-bets: the step `unbiased` for every law on finitely many vectors, in any dimension; the four laws of a
   round may differ *)
Theorem bet_unbiased i : expected (pair_law (p i false) (p i true)) product_of = norm (v - mu) ^+ 2
  /\ expected (round_law i) gain = norm (v - nu) ^+ 2 - norm (v - mu) ^+ 2.
Proof.
have own := expected_product_of (laws_p i false) (laws_p i true) (mean_p i false) (mean_p i true).
have rival := expected_product_of (laws_q i false) (laws_q i true) (mean_q i false) (mean_q i true).
split=> //; rewrite -own -rival expectedB.
by rewrite (expected_first _ (pair_is_law (laws_q i false) (laws_q i true)))
  (expected_second _ (pair_is_law (laws_p i false) (laws_p i true))).
Qed.

(* every factor of the wealth is positive, its mean is at most 1, and it reaches 1/a with probability at most a *)
(* Claim population-bets: laws on finitely many vectors, which may differ from one to the next *)
Theorem population_bets rate a : 0 <= rate <= 5%:R^-1 -> norm (v - nu) <= norm (v - mu) -> 0 < a ->
  [/\ forall w, 0 < 1 + rate * gain w,
      expected (product_law round_law) (wealth rate) <= 1
    & probability (product_law round_law) [set w | a^-1 <= wealth rate w] <= a].
Proof.
move=> /andP[rate_ge0 rate_le] nearer a_gt0.
have positive w : 0 < 1 + rate * gain w.
  have /andP[least _] := bet_range v1 (short w.2.1) (short w.2.2).
  have /andP[_ most] := bet_range v1 (short w.1.1) (short w.1.2).
  have low : - (9%:R / 2%:R) <= gain w.
    by rewrite (_ : - _ = - 2%:R^-1 - 4%:R) ?ler_sub //; field.
  apply: lt_le_trans (_ : 1 - 5%:R^-1 * (9%:R / 2%:R) <= _).
    by rewrite (_ : 1 - _ = 10%:R^-1) ?invr_gt0 ?ltr0n //; field.
  rewrite ler_add2l; apply: le_trans (_ : rate * - (9%:R / 2%:R) <= _); last by rewrite ler_wpmul2l.
  by rewrite mulrN ler_opp2 ler_wpmul2r // divr_ge0 ?ler0n.
have fair i : expected (round_law i) (fun w => 1 + rate * gain w) <= 1.
  rewrite (expected_affine _ _ (round_is_law i)) (bet_unbiased i).2 ger_addl.
  by rewrite mulr_ge0_le0 // subr_le0 sqr_le ?norm_ge0.
by have [] := independent_wealth round_is_law (fun _ w => ltW (positive w)) fair a_gt0.
Qed.

End Bets.
