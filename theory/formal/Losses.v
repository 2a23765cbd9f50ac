(* The losses of Huang et al. (ICLR 2023), section 4, on finite worlds: x and x' are independent uniform samples, x1
   and x2 independent uniform views of x, x- a uniform view of x'. Definitions only. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Averages Matrices.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Losses.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.     (* f i j: features of view j of sample i; i stands for x, j for x1 *)

(* C_ab = E f_a(x1) f_b(x2) *)
Definition correlation : 'M[R]_d :=
  \matrix_(a, b) average (fun i => average (fun j => average (fun j' => f i j 0 a * f i j' 0 b))).

(* E f_a^2 *)
Definition second_moment (a : 'I_d) : R := average (fun i => average (fun j => f i j 0 a ^+ 2)).

(* L_1 = sum_a (1 - C_aa)^2 and L_2 = |C - I|_F^2 of the cross-correlation loss *)
Definition diagonal_distance : R := \sum_a (1 - correlation a a) ^+ 2.
Definition identity_distance : R := sqr_frobenius (correlation - 1%:M).

Definition cross_correlation_loss (lambda : R) : R :=
  \sum_a (1 - correlation a a) ^+ 2 + lambda * \sum_a \sum_(b | b != a) correlation a b ^+ 2.

(* InfoNCE without temperature, for an exponential and a logarithm *)
Variables exp log : R -> R.

(* -log(e^s / (e^s + e^t)) with s = f(x1).f(x2) and t = f(x1).f(x-), its mean, and the part L_2 of it *)
Definition info_nce_term (s t : R) : R := - log (exp s / (exp s + exp t)).

Definition over_triples (term : R -> R -> R) : R :=
  average (fun i => average (fun j => average (fun j' => average (fun i' => average (fun j'' =>
    term (dot (f i j) (f i j')) (dot (f i j) (f i' j''))))))).

Definition info_nce : R := over_triples info_nce_term.
Definition info_nce_regulariser : R := over_triples (fun s t => log (exp s + exp t)).

End Losses.
