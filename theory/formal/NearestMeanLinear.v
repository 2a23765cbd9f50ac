(* The nearest class mean is a linear head, as section 2 of Huang et al. (ICLR 2023) says. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section NearestMeanLinear.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Local Notation mean := (class_mean f label).

(* W_k.z + b_k with W_k = mu_k and b_k = -|mu_k|^2/2 *)
Definition linear_score z k : R := dot (mean k) z - norm (mean k) ^+ 2 / 2%:R.

(* Claim nearest-mean-linear: mean by mean, for every z *)
Theorem nearest_mean_is_linear z k l :
  (norm (z - mean k) <= norm (z - mean l)) = (linear_score z l <= linear_score z k).
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // !sqr_normB /linear_score !(dotC (mean _)).
set a := dot z _; set b := dot z _; set s := norm (mean k); set t := norm (mean l); set r := norm z.
rewrite -subr_ge0 -[in RHS]subr_ge0 -[RHS](pmulr_rge0 _ (ltr0Sn R 1)); congr (0 <= _).
by field.
Qed.

End NearestMeanLinear.
