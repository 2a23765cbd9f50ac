(* Lemmas about real numbers that many proofs use, and two tactics that show sums of products to be nonnegative. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Ltac nonneg := repeat first
  [ assumption | apply: sqr_ge0 | exact: ler0n | exact: ler01 | exact: norm_ge0 | exact: sqrtr_ge0 | rewrite subr_ge0
  | apply: divr_ge0 | apply: mulr_ge0 | apply: addr_ge0 ].

Ltac nonneg_terms := lazymatch goal with
  | |- is_true (0 <= _ + _) => apply: addr_ge0; nonneg_terms
  | |- is_true (0 < _ + _) => apply: addr_gt0; nonneg_terms
  | |- is_true (0 <= _ * _) => apply: mulr_ge0; nonneg_terms
  | |- is_true (0 < _ * _) => apply: mulr_gt0; nonneg_terms
  | |- is_true (0 <= _ ^+ _) => apply: exprn_ge0; nonneg_terms
  | |- is_true (0 <= _%:R) => exact: ler0n
  | |- is_true (0 < _%:R) => by rewrite ltr0n
  | _ => done
  end.

Section Scalars.
Variable R : rcfType.
Implicit Types a x y z s rho : R.

(* x <= y, certified by y - x = e >= 0 *)
Lemma certified e x y : 0 <= e -> y - x = e -> x <= y.
Proof. by move=> e0 eq; rewrite -subr_ge0 eq. Qed.

Lemma two_neq0 : 2%:R != 0 :> R.
Proof. by rewrite pnatr_eq0. Qed.

Lemma sqr_le x y : 0 <= x -> x <= y -> x ^+ 2 <= y ^+ 2.
Proof. by move=> x0 le; rewrite ler_pexpn2r ?nnegrE // (le_trans x0). Qed.

Lemma le_of_sqr x y : 0 <= y -> x ^+ 2 <= y ^+ 2 -> x <= y.
Proof.
move=> y0 le; have [x0|/ltW x0] := leP 0 x; last exact: le_trans x0 y0.
by move: le; rewrite ler_pexpn2r ?nnegrE.
Qed.


(* 0 <= x, certified by c x = e >= 0 for some c > 0 *)
Lemma scaled c x e : 0 < c -> 0 <= e -> c * x = e -> 0 <= x.
Proof. by move=> c0 e0 eq; rewrite -(pmulr_rge0 _ c0) eq. Qed.

Lemma scaled_le c x y : 0 < c -> c * x <= c * y -> x <= y.
Proof. by move=> c0; rewrite ler_pmul2l. Qed.

End Scalars.
