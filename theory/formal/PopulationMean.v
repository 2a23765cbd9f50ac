(* The mean of n independent draws from a finite probability space and its distance from the expectation: how large that
   distance is in expectation, and by how much one draw moves it. Lengths are in units of r. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Population.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Draws.
Variables (R : rcfType) (d n : nat) (Omega : finType).
Variable weight : Omega -> R.               (* the law of one draw *)
Variable X : Omega -> 'rV[R]_d.             (* the mean of the features of a sample *)
Hypotheses (weight_ge0 : forall x, 0 <= weight x) (total : \sum_x weight x = 1).
Hypotheses (n_gt0 : (0 < n)%N) (short : forall x, norm (X x) <= 1).
Local Notation draws := {ffun 'I_n -> Omega}.
Implicit Types (w : draws) (F : draws -> R) (a b : Omega -> R).

(* E F over n independent draws, mu = E X, and m = (X_1 + .. + X_n) / n *)
Definition expectation F : R := \sum_(w : draws) (\prod_i weight (w i)) * F w.
Definition population_mean : 'rV[R]_d := \sum_x weight x *: X x.
Definition sample_mean w : 'rV[R]_d := n%:R^-1 *: \sum_i X (w i).
Local Notation mu := population_mean.
Local Notation mean_of a := (\sum_x weight x * a x).

Let n_pos : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma law_ge0 w : 0 <= \prod_i weight (w i).
Proof. exact: prodr_ge0. Qed.

Lemma expectation_prod (g : 'I_n -> Omega -> R) :
  expectation (fun w => \prod_i g i (w i)) = \prod_i mean_of (g i).
Proof. by rewrite bigA_distr_bigA; apply: eq_bigr => w _; rewrite -big_split. Qed.

Lemma expectation1 : expectation (fun=> 1) = 1.
Proof.
transitivity (expectation (fun w => \prod_i (fun _ _ => 1) i (w i))).
  by apply: eq_bigr => w _; congr (_ * _); rewrite big1.
by rewrite (expectation_prod (fun _ _ => 1)) big1 // => i _; rewrite -[RHS]total; apply: eq_bigr => x _; rewrite mulr1.
Qed.

(* two draws are independent *)
Lemma expectation_pair i j a b :
  expectation (fun w => a (w i) * b (w j)) = if i == j then mean_of (fun x => a x * b x) else mean_of a * mean_of b.
Proof.
case: eqP => [<-|/eqP ij].
  transitivity (expectation (fun w => \prod_k (if k == i then a (w k) * b (w k) else 1))).
    by apply: eq_bigr => w _; congr (_ * _); rewrite -big_mkcond big_pred1_eq.
  rewrite (expectation_prod (fun k x => if k == i then a x * b x else 1)) (bigD1 i) //= eqxx.
  rewrite [X in _ * X]big1 ?mulr1 // => k ki.
  by rewrite (negbTE ki) -[RHS]total; apply: eq_bigr => x _; rewrite mulr1.
have ji : (j == i) = false by rewrite eq_sym (negbTE ij).
transitivity (expectation (fun w => \prod_k (if k == i then a (w k) else if k == j then b (w k) else 1))).
  apply: eq_bigr => w _; congr (_ * _); rewrite (bigD1 i) //= eqxx (bigD1 j) ?ji //= eqxx.
  by rewrite [X in _ * (_ * X)]big1 ?mulr1 // => k /andP[ki kj]; rewrite (negbTE ki) (negbTE kj).
rewrite (expectation_prod (fun k x => if k == i then a x else if k == j then b x else 1)).
rewrite (bigD1 i) //= eqxx (bigD1 j) ?ji //= ?ji eqxx.
rewrite [X in _ * (_ * X)]big1 ?mulr1 // => k /andP[ki kj].
by rewrite (negbTE ki) (negbTE kj) -[RHS]total; apply: eq_bigr => x _; rewrite mulr1.
Qed.

Lemma expectation_sum (I : finType) (F : I -> draws -> R) : expectation (fun w => \sum_i F i w) = \sum_i expectation (F i).
Proof. by rewrite exchange_big; apply: eq_bigr => w _; rewrite mulr_sumr. Qed.

Lemma expectationZ c F : expectation (fun w => c * F w) = c * expectation F.
Proof. by rewrite /expectation mulr_sumr; apply: eq_bigr => w _; rewrite mulrCA. Qed.

(* Jensen for the square *)
Lemma sqr_expectation_le F : expectation F ^+ 2 <= expectation (fun w => F w ^+ 2).
Proof.
have square c : expectation (fun w => F w ^+ 2) - (2%:R * c) * expectation F + c ^+ 2 * expectation (fun=> 1)
    = \sum_(w : draws) (\prod_i weight (w i)) * (F w - c) ^+ 2.
  by rewrite /expectation !mulr_sumr -sumrN -!big_split /=; apply: eq_bigr => w _; ring.
have : 0 <= \sum_(w : draws) (\prod_i weight (w i)) * (F w - expectation F) ^+ 2.
  by apply: sumr_ge0 => w _; rewrite mulr_ge0 ?law_ge0 ?sqr_ge0.
rewrite -square expectation1 (_ : _ - _ + _ = expectation (fun w => F w ^+ 2) - expectation F ^+ 2) ?subr_ge0 //; ring.
Qed.

Let e c x : R := (X x - mu) 0 c.

Lemma centred_entry c : mean_of (e c) = 0.
Proof.
transitivity (\sum_x weight x * X x 0 c - mu 0 c * \sum_x weight x).
  by rewrite mulr_sumr -sumrB; apply: eq_bigr => x _; rewrite /e mxE [X in _ + X]mxE mulrBr (mulrC _ (weight x)).
by rewrite total mulr1 /population_mean summxE -sumrB big1 // => x _; rewrite mxE subrr.
Qed.

Lemma deviation w : norm (sample_mean w - mu) ^+ 2 = n%:R^-1 ^+ 2 * \sum_c \sum_i \sum_j e c (w i) * e c (w j).
Proof.
rewrite sqr_norm /dot mulr_sumr; apply: eq_bigr => c _.
have -> : (sample_mean w - mu) 0 c = n%:R^-1 * \sum_i e c (w i).
  rewrite /e (eq_bigr (fun i => X (w i) 0 c - mu 0 c)) => [|i _]; last by rewrite mxE [X in _ + X]mxE.
  rewrite sumrB sumr_const card_ord mulrBr -[mu 0 c *+ n]mulr_natl mulrA mulVf ?gt_eqF // mul1r.
  by rewrite mxE [X in _ + X]mxE /sample_mean mxE summxE.
by rewrite mulrACA -expr2 mulr_suml; congr (_ * _); apply: eq_bigr => i _; rewrite mulr_sumr.
Qed.

Lemma variance : mean_of (fun x => norm (X x - mu) ^+ 2) <= 1 - norm mu ^+ 2.
Proof.
have -> : mean_of (fun x => norm (X x - mu) ^+ 2) = mean_of (fun x => norm (X x) ^+ 2) - norm mu ^+ 2.
  transitivity (mean_of (fun x => norm (X x) ^+ 2) - 2%:R * dot mu mu + norm mu ^+ 2 * \sum_x weight x).
    rewrite {2}/population_mean dot_sumr mulr_sumr mulr_sumr -sumrB -big_split /=; apply: eq_bigr => x _.
    by rewrite sqr_normB dotZr (dotC mu); ring.
  by rewrite total -sqr_norm; ring.
rewrite ler_add2r -[X in _ <= X]total; apply: ler_sum => x _.
by rewrite -[X in _ <= X]mulr1 ler_wpmul2l ?exprn_ile1 ?norm_ge0.
Qed.

Lemma expected_square : expectation (fun w => norm (sample_mean w - mu) ^+ 2) <= (1 - norm mu ^+ 2) / n%:R.
Proof.
have -> : expectation (fun w => norm (sample_mean w - mu) ^+ 2) = mean_of (fun x => norm (X x - mu) ^+ 2) / n%:R.
  transitivity (n%:R^-1 ^+ 2 * \sum_c \sum_i \sum_j expectation (fun w => e c (w i) * e c (w j))).
    transitivity (expectation (fun w => n%:R^-1 ^+ 2 * \sum_c \sum_i \sum_j e c (w i) * e c (w j))).
      by apply: eq_bigr => w _; rewrite deviation.
    rewrite expectationZ expectation_sum; congr (_ * _); apply: eq_bigr => c _.
    by rewrite expectation_sum; apply: eq_bigr => i _; rewrite expectation_sum.
  rewrite (eq_bigr (fun c => n%:R * mean_of (fun x => e c x * e c x))) => [|c _]; last first.
    rewrite mulr_natl -[X in _ *+ X]card_ord -sumr_const; apply: eq_bigr => i _.
    rewrite (bigD1 i) //= expectation_pair eqxx [X in _ + X]big1 ?addr0 // => j ji.
    by rewrite expectation_pair eq_sym (negbTE ji) centred_entry mul0r.
  rewrite -mulr_sumr exchange_big /= mulrA -[X in X * _ = _]mulrA mulVf ?gt_eqF // mulr1 mulrC; congr (_ * _).
  by apply: eq_bigr => x _; rewrite sqr_norm /dot mulr_sumr.
by rewrite ler_pmul2r ?invr_gt0 // variance.
Qed.

(* m is within sqrt((1 - |mu|^2) / n) of mu in expectation, which is at most 1 / sqrt(n) *)
(* Claims population-mean, population-mean-sharp: finite probability spaces, r = 1 *)
Theorem sample_mean_expected : expectation (fun w => norm (sample_mean w - mu)) <= Num.sqrt ((1 - norm mu ^+ 2) / n%:R)
  /\ Num.sqrt ((1 - norm mu ^+ 2) / n%:R) <= (Num.sqrt n%:R)^-1.
Proof.
split.
  rewrite -[X in X <= _]ger0_norm; last first.
    by apply: sumr_ge0 => w _; rewrite mulr_ge0 ?law_ge0 ?norm_ge0.
  rewrite -sqrtr_sqr ler_wsqrtr //; apply: le_trans (sqr_expectation_le _) expected_square.
rewrite -sqrtrV ?ler0n // ler_wsqrtr // -[X in _ <= X]mul1r ler_wpmul2r ?invr_ge0 ?ler0n //.
by rewrite ler_subl_addr ler_addl sqr_ge0.
Qed.

(* one draw moves the distance by at most 2 / n *)
(* Claims population-mean, population-mean-sharp: the bounded difference that McDiarmid's inequality asks for *)
Theorem one_draw_moves_little w w' i : (forall k, k != i -> w k = w' k) ->
  `|norm (sample_mean w - mu) - norm (sample_mean w' - mu)| <= 2%:R / n%:R.
Proof.
move=> same; have gap : norm ((sample_mean w - mu) - (sample_mean w' - mu)) <= 2%:R / n%:R.
  have -> : (sample_mean w - mu) - (sample_mean w' - mu) = n%:R^-1 *: (X (w i) - X (w' i)).
    rewrite opprB addrA subrK /sample_mean -scalerBr; congr (_ *: _).
    rewrite (bigD1 i) //= [X in _ - X](bigD1 i) //= opprD addrACA -sumrB.
    by rewrite [X in _ + X]big1 ?addr0 // => k ki; rewrite same // subrr.
  rewrite normZ ger0_norm ?invr_ge0 ?ler0n // mulrC ler_wpmul2r ?invr_ge0 ?ler0n //.
  apply: le_trans (triangle _ _) _; rewrite normN (_ : 2%:R = 1 + 1 :> R) ?ler_add //; ring.
exact: norm_gap gap.
Qed.

End Draws.
