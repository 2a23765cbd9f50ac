(* The exponential and the logarithm, by what the theorems on InfoNCE use of them. Over the real numbers the two
   properties of is_exponential determine the exponential function, and is_logarithm its inverse. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Exponential.
Variables (R : rcfType) (exp log : R -> R).

Definition is_exponential : Prop := (forall x y, exp (x + y) = exp x * exp y) /\ (forall x, 1 + x <= exp x).
Definition is_logarithm : Prop := forall y, 0 < y -> exp (log y) = y.

Hypotheses (is_exp : is_exponential) (is_log : is_logarithm).
Implicit Types (x y s t : R) (k : nat).

Let expD : forall x y, exp (x + y) = exp x * exp y := proj1 is_exp.
Let tangent : forall x, 1 + x <= exp x := proj2 is_exp.

Lemma exp0 : exp 0 = 1.
Proof.
have e : exp 0 = exp 0 * exp 0 by rewrite -expD addr0.
have pos : 0 < exp 0 by apply: lt_le_trans ltr01 _; have := tangent 0; rewrite addr0.
by apply: (mulIf (lt0r_neq0 pos)); rewrite -e mul1r.
Qed.

Lemma exp_gt0 x : 0 < exp x.
Proof.
rewrite lt_def; apply/andP; split.
  apply/eqP => z; have := expD x (- x); rewrite subrr exp0 z mul0r => /eqP.
  by rewrite oner_eq0.
have -> : x = x / 2%:R + x / 2%:R by field.
by rewrite expD -expr2 sqr_ge0.
Qed.

Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof.
move=> le; have -> : y = x + (y - x) by ring.
rewrite expD -[X in X <= _]mulr1 ler_pmul2l ?exp_gt0 //.
by apply: le_trans (tangent _); rewrite ler_addl subr_ge0.
Qed.

Lemma exp_lt x y : x < y -> exp x < exp y.
Proof.
move=> lt; have -> : y = x + (y - x) by ring.
rewrite expD -[X in X < _]mulr1 ltr_pmul2l ?exp_gt0 //.
by apply: lt_le_trans (tangent _); rewrite ltr_addl subr_gt0.
Qed.

Lemma le_of_exp x y : exp x <= exp y -> x <= y.
Proof. by move=> le; rewrite leNgt; apply/negP => /exp_lt; rewrite ltNge le. Qed.

Lemma exp_injective x y : exp x = exp y -> x = y.
Proof. by move=> e; apply/eqP; rewrite eq_le; apply/andP; split; apply: le_of_exp; rewrite e. Qed.

Lemma log_exp x : log (exp x) = x.
Proof. by apply: exp_injective; rewrite is_log ?exp_gt0. Qed.

Lemma le_log x y : exp x <= y -> x <= log y.
Proof. by move=> le; apply: le_of_exp; rewrite is_log // (lt_le_trans (exp_gt0 x)). Qed.

Lemma log_le x y : 0 < x -> x <= y -> log x <= log y.
Proof. by move=> x0 le; apply: le_log; rewrite is_log. Qed.

Lemma expN x : exp (- x) = (exp x)^-1.
Proof. by apply: (mulIf (lt0r_neq0 (exp_gt0 x))); rewrite -expD addNr exp0 mulVf ?lt0r_neq0 ?exp_gt0. Qed.

Lemma exp_natmul k x : exp (k%:R * x) = exp x ^+ k.
Proof.
elim: k => [|k IH]; first by rewrite mul0r exp0 expr0.
by rewrite -addn1 natrD mulrDl mul1r expD IH addn1 exprSr.
Qed.

(* exp x <= 1 / (1 - x), from 1 - x <= exp (- x) *)
Lemma exp_upper x : x < 1 -> exp x <= (1 - x)^-1.
Proof.
move=> x1; have pos : 0 < 1 - x by rewrite subr_gt0.
by rewrite -[exp x]invrK lef_pinv ?posrE ?invr_gt0 ?exp_gt0 // -expN tangent.
Qed.

(* the tangent plane of log(e^s + e^t) at 0: the geometric mean is at most the arithmetic one *)
Lemma log_sum_tangent s t : log 2%:R + (s + t) / 2%:R <= log (exp s + exp t).
Proof.
apply: le_log; rewrite expD is_log ?ltr0n //.
have -> : (s + t) / 2%:R = s / 2%:R + t / 2%:R by field.
have double x : exp x = exp (x / 2%:R) ^+ 2 by rewrite expr2 -expD; congr exp; field.
rewrite expD (double s) (double t); set u := exp (s / _); set v := exp (t / _).
by apply: (@certified _ ((u - v) ^+ 2)); [exact: sqr_ge0 | ring].
Qed.

(* the tangent plane of log(e^s + e^t) at (a, b) lies below it *)
Definition first_weight a b : R := exp a / (exp a + exp b).

Lemma log_sum_tangent_at a b s t :
  log (exp a + exp b) + first_weight a b * (s - a) + (1 - first_weight a b) * (t - b) <= log (exp s + exp t).
Proof.
set A := exp a + exp b; set q := first_weight a b; rewrite -addrA; set r := _ + (1 - q) * _.
have A0 : 0 < A by rewrite addr_gt0 ?exp_gt0.
have a0 := exp_gt0 a; have b0 := exp_gt0 b.
have q0 : 0 <= q by rewrite divr_ge0 ?ltW.
have q1 : 0 <= 1 - q by rewrite subr_ge0 ler_pdivr_mulr // mul1r ler_addl ltW.
apply: le_log; rewrite expD is_log //.
have split x y z : exp x = exp z * exp y -> exp z * (1 + y) <= exp x.
  by move=> ->; rewrite ler_wpmul2l ?tangent // ltW ?exp_gt0.
have first : exp (r + a) * (1 + (s - a - r)) <= exp s by apply: split; rewrite -expD; congr exp; ring.
have second : exp (r + b) * (1 + (t - b - r)) <= exp t by apply: split; rewrite -expD; congr exp; ring.
apply: le_trans (ler_add first second); rewrite !expD.
have ea : exp a = q * A by rewrite /q /first_weight divfK ?gt_eqF.
have eb : exp b = (1 - q) * A by rewrite mulrBl mul1r -ea /A; ring.
rewrite ea eb le_eqVlt; apply/orP; left; apply/eqP.
by rewrite [LHS]mulrC -[LHS]mulr1 (_ : 1 = 1 + (q * (s - a) + (1 - q) * (t - b) - r)) ?/r; ring.
Qed.

End Exponential.
