(* The squared Frobenius norm of a matrix, and what it says of the two Gram matrices U U^T and U^T U. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* |A|_F^2, the sum of the squares of all entries *)
Definition sqr_frobenius (R : rcfType) (p q : nat) (A : 'M[R]_(p, q)) : R := \sum_i \sum_j A i j ^+ 2.

Section Matrices.
Variable R : rcfType.
Implicit Types p q d K : nat.

Lemma sqr_frobenius_ge0 p q (A : 'M[R]_(p, q)) : 0 <= sqr_frobenius A.
Proof. by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; apply: sqr_ge0. Qed.

Lemma sqr_frobenius_trace p q (A : 'M[R]_(p, q)) : sqr_frobenius A = \tr (A *m A^T).
Proof.
apply: eq_bigr => i _; rewrite mxE; apply: eq_bigr => j _.
by rewrite mxE expr2.
Qed.

Lemma sqr_frobenius_gram d K (U : 'M[R]_(d, K)) : sqr_frobenius (U *m U^T) = sqr_frobenius (U^T *m U).
Proof.
rewrite !sqr_frobenius_trace !trmx_mul !trmxK -mulmxA mxtrace_mulC.
by congr (\tr _); rewrite !mulmxA.
Qed.

Lemma sqr_frobenius_sub1 d (A : 'M[R]_d) : sqr_frobenius (A - 1%:M) = sqr_frobenius A - 2%:R * \tr A + d%:R.
Proof.
transitivity (\sum_i (\sum_j A i j ^+ 2 - 2%:R * A i i + 1)).
  apply: eq_bigr => i _; rewrite (bigD1 i) //= (_ : (A - 1%:M) i i = A i i - 1); last by rewrite !mxE eqxx.
  set S := \sum_(j < d | j != i) A i j ^+ 2.
  have -> : \sum_(j < d | j != i) (A - 1%:M) i j ^+ 2 = S.
    by apply: eq_bigr => j ji; rewrite !mxE eq_sym (negbTE ji) subr0.
  have -> : \sum_j A i j ^+ 2 = A i i ^+ 2 + S by rewrite (bigD1 i).
  by ring.
by rewrite big_split sumrB -mulr_sumr /= sumr_const card_ord.
Qed.

Lemma gram_gap d K (U : 'M[R]_(d, K)) :
  sqr_frobenius (U *m U^T - 1%:M) - sqr_frobenius (U^T *m U - 1%:M) = d%:R - K%:R.
Proof. by rewrite !sqr_frobenius_sub1 sqr_frobenius_gram mxtrace_mulC; ring. Qed.

(* |A - B|_F^2 <= 2 |A|_F^2 + 2 |B|_F^2 *)
Lemma sqr_frobenius_sub p q (A B : 'M[R]_(p, q)) :
  sqr_frobenius (A - B) <= 2%:R * sqr_frobenius A + 2%:R * sqr_frobenius B.
Proof.
have parallelogram (a b : R) : (a - b) ^+ 2 <= 2%:R * a ^+ 2 + 2%:R * b ^+ 2.
  by apply: (@certified _ ((a + b) ^+ 2)); [exact: sqr_ge0 | ring].
rewrite /sqr_frobenius !mulr_sumr -big_split; apply: ler_sum => i _ /=.
by rewrite !mulr_sumr -big_split; apply: ler_sum => j _ /=; rewrite !mxE.
Qed.

(* two entries of a square matrix, in mirrored places, are part of its norm *)
Lemma two_entries d (A : 'M[R]_d) k l : k != l -> A k l ^+ 2 + A l k ^+ 2 <= sqr_frobenius A.
Proof.
move=> kl; rewrite /sqr_frobenius (bigD1 k) //= [X in _ <= _ + X](bigD1 l) 1?eq_sym //= addrA ler_paddr //.
  by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; apply: sqr_ge0.
apply: ler_add; first rewrite (bigD1 l) //=; last rewrite (bigD1 k) //=.
  by rewrite ler_addl; apply: sumr_ge0 => j _; apply: sqr_ge0.
by rewrite ler_addl; apply: sumr_ge0 => j _; apply: sqr_ge0.
Qed.

End Matrices.
