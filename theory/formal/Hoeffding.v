(* Hoeffding's lemma for a variable with two values, from the two properties of the exponential alone:

     M_q(h) = q e^{(1-q)h} + (1-q) e^{-qh} <= e^{h^2/8}   for 0 <= q <= 1.

   Halving h improves a crude bound e^{C h^2} to e^{(C/2 + 1/16) h^2}, time after time, and 1/8 is what remains; that it
   does takes numbers without infinitesimals, such as the real ones. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Exponential.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* no number is infinite; it holds of the real numbers *)
Definition archimedean (R : rcfType) : Prop := forall x : R, exists k : nat, x <= k%:R.

Section Hoeffding.
Variables (R : rcfType) (exp : R -> R).
Hypotheses (arch : archimedean R) (is_exp : is_exponential exp).
Implicit Types (b c h q x y u : R) (k : nat).

Let expD x y : exp (x + y) = exp x * exp y. Proof. exact: is_exp.1. Qed.
Let exp_pos x : 0 < exp x. Proof. exact: exp_gt0. Qed.
Let exp_neq0 x : exp x != 0. Proof. by rewrite gt_eqF. Qed.

Lemma exp_double x : exp (2%:R * x) = exp x ^+ 2.
Proof. exact: exp_natmul. Qed.

Lemma halves_vanish x c : (forall k, x <= c / 2%:R ^+ k) -> x <= 0.
Proof.
move=> below; rewrite leNgt; apply/negP => x0; have [k le] := arch (c / x).
have pow0 : 0 < 2%:R ^+ k :> R by rewrite exprn_gt0 ?ltr0n.
have : k%:R < 2%:R ^+ k :> R by rewrite -natrX ltr_nat ltn_expl.
move/(le_lt_trans le); rewrite ltr_pdivr_mulr // mulrC -ltr_pdivr_mulr // => lt.
by have := lt_le_trans lt (below k); rewrite ltxx.
Qed.

(* tanh(b / 2) *)
Definition th b : R := (exp b - 1) / (exp b + 1).

Let plus_pos b : 0 < exp b + 1. Proof. by rewrite addr_gt0 ?ltr01. Qed.

Lemma exp_ge1 b : 0 <= b -> 1 <= exp b.
Proof. by move=> b0; apply: le_trans (is_exp.2 b); rewrite ler_addl. Qed.

Lemma th_ge0 b : 0 <= b -> 0 <= th b.
Proof. by move=> b0; apply: divr_ge0; [rewrite subr_ge0 exp_ge1 | exact: ltW]. Qed.

Lemma thN b : th (- b) = - th b.
Proof.
have e := exp_pos b; have e' : 0 < (exp b)^-1 by rewrite invr_gt0.
have p := plus_pos b; have p' : 0 < (exp b)^-1 + 1 by rewrite addr_gt0 ?ltr01.
rewrite /th (expN is_exp); apply: (mulIf (lt0r_neq0 p')); apply: (mulIf (lt0r_neq0 p)); apply: (mulIf (lt0r_neq0 e)).
by move: e p p'; move: (exp b) => u e p p'; field; rewrite !lt0r_neq0.
Qed.

Lemma th_halved b : 0 <= b -> th (2%:R * b) <= 2%:R * th b.
Proof.
move=> b0; have u1 := exp_ge1 b0; rewrite /th exp_double; set u := exp b in u1 *.
have u0 : 0 < u := exp_pos b.
have p : 0 < u + 1 by rewrite addr_gt0 ?ltr01.
have p2 : 0 < u ^+ 2 + 1 by rewrite addr_gt0 ?exprn_gt0 ?ltr01.
rewrite ler_pdivr_mulr // -subr_ge0; apply: (@scaled _ (u + 1) _ ((u - 1) ^+ 3)) => //.
  by rewrite exprn_ge0 ?subr_ge0.
by field; rewrite gt_eqF.
Qed.

Lemma th_crude b : 0 <= b -> th b <= b / 2%:R + b ^+ 2 / 4%:R.
Proof.
move=> b0; pose x := b / 2%:R; have x0 : 0 <= x by rewrite divr_ge0 ?ler0n.
rewrite (_ : _ + _ = x + x ^+ 2); last by rewrite /x; field.
rewrite ler_pdivr_mulr // -subr_ge0 (_ : b = 2%:R * x) ?exp_double; last by rewrite /x; field.
set u := exp x; have u0 : 0 < u := exp_pos x.
have [x1|x1] := leP 1 x.
  apply: (@certified _ (u ^+ 2 * ((x - 1) + x ^+ 2) + (1 + x + x ^+ 2))); last by ring.
  by have u0' := ltW u0; nonneg.
have {}x1 : 0 < 1 - x by rewrite subr_gt0.
have small : u * (1 - x) <= 1.
  by have := is_exp.2 (- x); rewrite (expN is_exp) -[_^-1]mul1r ler_pdivl_mulr // mulrC.
have square : 0 <= 1 - (u * (1 - x)) ^+ 2.
  by rewrite subr_ge0 exprn_ile1 ?mulr_ge0 ?(ltW u0) ?(ltW x1).
apply: (@certified _ ((1 - (u * (1 - x)) ^+ 2) * (1 + x + x ^+ 2) + u ^+ 2 * (x ^+ 2 * ((1 - x) + x ^+ 2)))); last by ring.
by have u0' := ltW u0; have x1' := ltW x1; nonneg.
Qed.

(* tanh(b / 2) <= b / 2, by halving b *)
Lemma th_le b : 0 <= b -> th b <= b / 2%:R.
Proof.
move=> b0; rewrite -subr_le0; apply: (@halves_vanish _ (b ^+ 2 / 4%:R)) => k; rewrite ler_subl_addl.
elim: k => [|k IH] in b b0 *; first by rewrite expr0 divr1 th_crude.
pose x := b / 2%:R; have x0 : 0 <= x by rewrite divr_ge0 ?ler0n.
have -> : b = 2%:R * x by rewrite /x; field.
apply: le_trans (th_halved x0) _; apply: le_trans (ler_wpmul2l _ (IH _ x0)) _; first exact: ler0n.
have p0 : 2%:R ^+ k != 0 :> R by rewrite expf_neq0 ?two_neq0.
rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite [2%:R ^+ k.+1]exprS.
by move: (2%:R ^+ k) p0 => p p0; field.
Qed.

Lemma th_mul_le b : 0 <= th b * b <= b ^+ 2 / 2%:R.
Proof.
wlog b0 : b / 0 <= b => [wlog|].
  have [/wlog//|/ltW b0] := leP 0 b; have := wlog (- b); rewrite thN mulrNN sqrrN; apply; by rewrite oppr_ge0.
rewrite mulr_ge0 ?th_ge0 //=; apply: le_trans (ler_wpmul2r b0 (th_le b0)) _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by ring.
Qed.

(* M_q(h) = E e^{hX} for X = 1 - q with probability q, X = -q else; q' is the probability of the first where e^{bX} weighs
   them anew *)
Definition moment q h : R := q * exp ((1 - q) * h) + (1 - q) * exp (- (q * h)).
Let Z q b : R := q * exp b + (1 - q).
Definition tilted q b : R := q * exp b / Z q b.

Section Tilt.
Variables (q : R).
Hypothesis q01 : 0 <= q <= 1.

Let q0 : 0 <= q. Proof. by case/andP: q01. Qed.
Let q1 : 0 <= 1 - q. Proof. by rewrite subr_ge0; case/andP: q01. Qed.

Lemma Z_gt0 b : 0 < Z q b.
Proof.
have [z|nz] := eqVneq q 0; first by rewrite /Z z mul0r add0r subr0 ltr01.
by rewrite /Z ltr_paddr // mulr_gt0 // lt_def nz.
Qed.

Lemma moment_Z h : moment q h = exp (- (q * h)) * Z q h.
Proof.
rewrite /moment /Z (_ : (1 - q) * h = - (q * h) + h); last by ring.
by rewrite expD; ring.
Qed.

Lemma tilted01 b : 0 <= tilted q b <= 1.
Proof.
have e := ltW (exp_pos b); rewrite divr_ge0 ?(ltW (Z_gt0 b)) ?mulr_ge0 //=.
by rewrite ler_pdivr_mulr ?Z_gt0 // mul1r ler_addl.
Qed.

Lemma moment_double b : moment q (2%:R * b) = moment q b * moment (tilted q b) b * exp ((tilted q b - q) * b).
Proof.
have z := Z_gt0 b; have ZZ : Z q (2%:R * b) = Z q b * Z (tilted q b) b.
  by rewrite /Z exp_double /tilted /Z; field; rewrite gt_eqF.
have tilted_moment : moment (tilted q b) b = exp (- (tilted q b * b)) * Z (tilted q b) b.
  by rewrite /moment /Z (_ : (1 - tilted q b) * b = - (tilted q b * b) + b) ?expD; ring.
have split_exp : exp (- (q * (2%:R * b))) = exp (- (q * b)) * exp (- (tilted q b * b)) * exp ((tilted q b - q) * b).
  by rewrite -!expD; congr exp; ring.
by rewrite tilted_moment !moment_Z ZZ split_exp; ring.
Qed.

(* a tilt by b moves q by at most |b| / 4 *)
Lemma tilt_moves b : (tilted q b - q) * b <= b ^+ 2 / 4%:R.
Proof.
pose x := b / 2%:R; have bx : b = 2%:R * x by rewrite /x; field.
have z := Z_gt0 b; set u := exp x; have u0 : 0 < u := exp_pos x; have p : 0 < u + 1 := plus_pos x.
pose w := q * (1 - q) * (u + 1) ^+ 2 / Z q b.
have w1 : w <= 1.
  rewrite ler_pdivr_mulr // mul1r -subr_ge0 /Z bx exp_double -/u.
  rewrite (_ : _ - _ = (q * u - (1 - q)) ^+ 2) ?sqr_ge0 //; ring.
have eq : tilted q b - q = w * th x.
  rewrite /w /tilted /th; move: z; rewrite /Z bx exp_double -/u => z; field.
  by rewrite !gt_eqF.
have /andP[t0 t1] := th_mul_le x; rewrite eq bx mulrCA -mulrA.
apply: le_trans (_ : 2%:R * (th x * x) <= _).
  by rewrite ler_wpmul2l ?ler0n // -[X in _ <= X]mul1r ler_wpmul2r.
apply: le_trans (ler_wpmul2l (ler0n _ 2) t1) _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by field.
Qed.

Lemma exp_crude y : exp y <= y + exp (2%:R * y ^+ 2).
Proof.
have [y1|/ltW y1] := leP y 1; last first.
  apply: le_trans (_ : exp (2%:R * y ^+ 2) <= _); last by rewrite ler_addr (le_trans ler01).
  apply: (exp_le is_exp); apply: le_trans (_ : y ^+ 2 <= _); first by rewrite expr2 ler_pemull // (le_trans ler01).
  by rewrite ler_pemull ?sqr_ge0 // ler1n.
apply: le_trans (_ : y + (1 + 2%:R * y ^+ 2) <= _); last by rewrite ler_add2l is_exp.2.
pose x := y / 2%:R; have yx : y = 2%:R * x by rewrite /x; field.
have x1 : 0 < 1 - x by rewrite subr_gt0 (_ : x < 1) // ltr_pdivr_mulr ?ltr0n // mul1r (le_lt_trans y1) // ltr1n.
rewrite yx exp_double; set u := exp x; have u0 : 0 < u := exp_pos x.
have small : u * (1 - x) <= 1.
  by have := is_exp.2 (- x); rewrite (expN is_exp) -[_^-1]mul1r ler_pdivl_mulr // mulrC.
have square : 0 <= 1 - (u * (1 - x)) ^+ 2.
  by rewrite subr_ge0 exprn_ile1 ?mulr_ge0 ?(ltW u0) ?(ltW x1).
rewrite -subr_ge0; apply: (@scaled _ ((1 - x) ^+ 2) _ ((1 - (u * (1 - x)) ^+ 2)
    + x ^+ 2 * ((1 - y) * (2%:R * (1 - y) + 3%:R)))) => //; first by rewrite exprn_gt0.
  by have yy : 0 <= 1 - y; rewrite ?subr_ge0 //; nonneg.
by rewrite yx; ring.
Qed.

Lemma moment_crude h : moment q h <= exp (2%:R * h ^+ 2).
Proof.
have within c y : 0 <= 1 - c -> 0 <= c -> y ^+ 2 = c ^+ 2 * h ^+ 2 -> exp y <= y + exp (2%:R * h ^+ 2).
  move=> c1 c0 sqr_y; apply: le_trans (exp_crude y) _; rewrite ler_add2l (exp_le is_exp) // sqr_y ler_wpmul2l ?ler0n //.
  by rewrite -[X in _ <= X]mul1r ler_wpmul2r ?sqr_ge0 // exprn_ile1 // -subr_ge0.
have own : exp ((1 - q) * h) <= (1 - q) * h + exp (2%:R * h ^+ 2).
  by apply: (within (1 - q)); rewrite ?exprMn // (_ : 1 - _ = q) //; ring.
have other : exp (- (q * h)) <= - (q * h) + exp (2%:R * h ^+ 2).
  by apply: (within q); rewrite ?sqrrN ?exprMn.
apply: le_trans (ler_add (ler_wpmul2l q0 own) (ler_wpmul2l q1 other)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

End Tilt.

Lemma moment_halved k q h : 0 <= q <= 1 -> moment q h <= exp (h ^+ 2 / 8%:R + 2%:R * h ^+ 2 / 2%:R ^+ k).
Proof.
elim: k => [|k IH] in q h * => q01.
  apply: le_trans (moment_crude q01 h) _; apply: (exp_le is_exp).
  by rewrite expr0 divr1 ler_addr divr_ge0 ?sqr_ge0 ?ler0n.
pose b := h / 2%:R; have -> : h = 2%:R * b by rewrite /b; field.
rewrite moment_double //; set e := b ^+ 2 / 8%:R + 2%:R * b ^+ 2 / 2%:R ^+ k.
apply: le_trans (_ : exp e * exp e * exp (b ^+ 2 / 4%:R) <= _).
  have pos r x : 0 <= r <= 1 -> 0 <= moment r x.
    by case/andP => r0 r1; rewrite addr_ge0 ?mulr_ge0 ?subr_ge0 ?(ltW (exp_pos _)).
  have t01 := tilted01 q01 b.
  rewrite ler_pmul ?mulr_ge0 ?pos ?(ltW (exp_pos _)) //; last by rewrite (exp_le is_exp) ?tilt_moves.
  by rewrite ler_pmul ?pos ?IH.
rewrite -!expD le_eqVlt; apply/orP; left; apply/eqP; congr exp; rewrite /e [2%:R ^+ k.+1]exprS.
have p0 : 2%:R ^+ k != 0 :> R by rewrite expf_neq0 ?two_neq0.
by move: (2%:R ^+ k) p0 => p p0; field.
Qed.

(* Hoeffding's lemma for two values *)
Lemma two_points q h : 0 <= q <= 1 -> q * exp ((1 - q) * h) + (1 - q) * exp (- (q * h)) <= exp (h ^+ 2 / 8%:R).
Proof.
move=> q01; set M := _ + _; set E := exp _; have E0 : 0 < E := exp_pos _.
rewrite -subr_le0; apply: (@halves_vanish _ (M * (2%:R * h ^+ 2))) => k.
have := moment_halved k h q01; rewrite -/(moment q h) expD -/E; set e := _ / 2%:R ^+ k => le.
have down : exp e * (1 - e) <= 1.
  by have := is_exp.2 (- e); rewrite (expN is_exp) -[_^-1]mul1r ler_pdivl_mulr // mulrC.
have M0 : 0 <= M by case/andP: q01 => q0 q1; rewrite addr_ge0 ?mulr_ge0 ?subr_ge0 ?(ltW (exp_pos _)).
rewrite -mulrA -/e ler_subl_addr -ler_subl_addl -[X in X - _]mulr1 -mulrBr.
have [e1|/ltW e1] := leP 0 (1 - e); last first.
  by apply: le_trans (ltW E0); rewrite mulr_ge0_le0.
apply: le_trans (ler_wpmul2r e1 le) _; rewrite -mulrA -[X in _ <= X]mulr1 ler_wpmul2l //; exact: ltW.
Qed.

End Hoeffding.
