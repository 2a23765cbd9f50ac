(* Theorem 2 of ArCL (Zhao et al., ICLR 2023), corrected: a head that is best on one augmented domain loses on
   another at most c (|h_A| + |h_B|) times the mean view diameter, which is not squared. So do the least risks of two
   domains differ (gap), and the lecture's bound with L_AR, the mean squared diameter, holds where L_AR >= 1 (range). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting RobustAlignment.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Arcl2.
Variables (R : rcfType) (n m d outputs : nat) (target : Type).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.            (* f i a: features of sample i under augmentation a *)
Variable y : 'I_n -> target.
Variable loss : 'rV[R]_outputs -> target -> R.

(* a linear head: a matrix and an intercept; `heads` are those that compete, for instance all without intercept *)
Definition head : Type := 'M[R]_(d, outputs) * 'rV[R]_outputs.
Variable heads : head -> Prop.
Definition apply (h : head) (u : 'rV[R]_d) := u *m h.1 + h.2.

(* N bounds the operator norm of the head's matrix *)
Definition norm_bound (h : head) (N : R) := 0 <= N /\ forall u : 'rV[R]_d, norm (u *m h.1) <= N * norm u.

Definition risk (h : head) a : R := average (fun i => loss (apply h (f i a)) (y i)).

(* h is a best head on the domain of augmentation a *)
Definition best (h : head) a := heads h /\ forall h', heads h' -> risk h a <= risk h' a.

Definition lipschitz_loss c := forall z z' t, `|loss z t - loss z' t| <= c * norm (z - z').

Local Notation D := (robust_displacement f).
Local Notation L_AR := (robust_alignment f).

Variables (c : R) (loss_lipschitz : lipschitz_loss c) (c_ge0 : 0 <= c).
Variables (hA hB : head) (a b : 'I_m) (NA NB : R).
Hypotheses (best_A : best hA a) (best_B : best hB b) (bound_A : norm_bound hA NA) (bound_B : norm_bound hB NB).

Lemma risk_shift h N k l : norm_bound h N -> risk h k - risk h l <= c * N * D.
Proof.
move=> [N0 bound]; rewrite /risk -averageN -averageD -averageZ; apply: average_le => i.
apply: le_trans (ler_norm _) _; apply: le_trans (loss_lipschitz _ _ _) _.
rewrite -mulrA ler_wpmul2l // /apply opprD addrACA subrr addr0 -mulmxBl.
by apply: le_trans (bound _) _; rewrite ler_wpmul2l // view_diameter_ge.
Qed.

Lemma norms_ge0 : 0 <= c * (NA + NB).
Proof. by case: bound_A bound_B => NA0 _ [NB0 _]; rewrite mulr_ge0 ?addr_ge0. Qed.

(* Claim arcl-2-corrected: a family of linear heads with any number of outputs; that the constant is attained is not
   formal *)
Theorem arcl_2_corrected :
  [/\ 0 <= risk hB a - risk hA a, risk hB a - risk hA a <= c * (NA + NB) * D
    & c * (NA + NB) * D <= c * (NA + NB) * Num.sqrt L_AR].
Proof.
have [in_A least_A] := best_A; have [in_B least_B] := best_B.
split; first by rewrite subr_ge0 least_A.
  have shiftB := risk_shift a b bound_B; have shiftA := risk_shift b a bound_A; have middle := least_B _ in_A.
  apply: (@certified _ ((c * NB * D - (risk hB a - risk hB b)) + (c * NA * D - (risk hA b - risk hA a))
    + (risk hA b - risk hB b))); last ring.
  by nonneg.
exact: ler_wpmul2l norms_ge0 _ _ (displacement_le_root f).
Qed.

(* the least risks R(f; D_A) = risk hA a and R(f; D_B) = risk hB b *)
(* Claim arcl-2-gap: a family of linear heads with any number of outputs; that the constant is attained is not formal
   *)
Theorem arcl_2_gap :
  - (c * NA * D) <= risk hA a - risk hB b /\ risk hA a - risk hB b <= c * NB * D.
Proof.
have [in_A least_A] := best_A; have [in_B least_B] := best_B; split.
  rewrite ler_oppl opprB; apply: le_trans (risk_shift b a bound_A); rewrite ler_add2r; exact: least_B.
by apply: le_trans (risk_shift a b bound_B); rewrite ler_add2r; exact: least_A.
Qed.

(* where L_AR >= 1 the bound with L_AR holds *)
(* Claim arcl-2-range: a family of linear heads with any number of outputs *)
Theorem arcl_2_squared_from_one : 1 <= L_AR -> risk hB a - risk hA a <= c * (NA + NB) * L_AR.
Proof.
move=> L1; have [_ le root] := arcl_2_corrected; apply: le_trans le _; apply: le_trans root _.
apply: ler_wpmul2l norms_ge0 _ _ _; have L0 : 0 <= L_AR := le_trans ler01 L1.
by apply: le_of_sqr; rewrite ?sqr_sqrtr // expr2 -[X in X <= _]mulr1 ler_wpmul2l.
Qed.

End Arcl2.
