(* Covariance and contrastive criteria are dual (Garrido et al., 2022): they differ by norms only. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Matrices.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Duality.
Variables (R : rcfType) (d N : nat).
Variable E : 'M[R]_(d, N).                 (* the embeddings of N samples, in its columns *)

(* |A - diag A|_F^2 *)
Definition off_diagonal p (A : 'M[R]_p) : R := \sum_i \sum_(j | j != i) A i j ^+ 2.

Definition covariance_criterion : R := off_diagonal (E *m E^T).
Definition contrastive_criterion : R := off_diagonal (E^T *m E).
Definition row_norms : R := \sum_j (\sum_i E j i ^+ 2) ^+ 2.
Definition column_norms : R := \sum_i (\sum_j E j i ^+ 2) ^+ 2.

Lemma off_diagonalE p (A : 'M[R]_p) : off_diagonal A + \sum_i A i i ^+ 2 = sqr_frobenius A.
Proof.
by rewrite /off_diagonal -big_split; apply: eq_bigr => i _ /=; rewrite [RHS](bigD1 i) //= addrC.
Qed.

(* Claim duality *)
Theorem duality : covariance_criterion + row_norms = contrastive_criterion + column_norms.
Proof.
have -> : row_norms = \sum_j (E *m E^T) j j ^+ 2.
  apply: eq_bigr => j _; congr (_ ^+ 2); rewrite mxE.
  by apply: eq_bigr => i _; rewrite mxE expr2.
have -> : column_norms = \sum_i (E^T *m E) i i ^+ 2.
  apply: eq_bigr => i _; congr (_ ^+ 2); rewrite mxE.
  by apply: eq_bigr => j _; rewrite mxE expr2.
by rewrite !off_diagonalE sqr_frobenius_gram.
Qed.

End Duality.
