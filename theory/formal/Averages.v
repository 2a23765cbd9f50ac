(* Averages over finite sets: the expectation of a uniform random index. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Definition average (R : rcfType) (I : finType) (F : I -> R) : R := #|I|%:R^-1 * \sum_i F i.

Definition average_vector (R : rcfType) (d : nat) (I : finType) (F : I -> 'rV[R]_d) : 'rV[R]_d := #|I|%:R^-1 *: \sum_i F i.

Section Averages.
Variables (R : rcfType) (d : nat) (I : finType).
Implicit Types (F G : I -> R) (V : I -> 'rV[R]_d) (a c : R).

Lemma eq_average F G : F =1 G -> average F = average G.
Proof. by move=> e; rewrite /average; congr (_ * _); apply: eq_bigr => i _. Qed.

Lemma averageD F G : average (fun i => F i + G i) = average F + average G.
Proof. by rewrite /average big_split mulrDr. Qed.

Lemma averageZ c F : average (fun i => c * F i) = c * average F.
Proof. by rewrite /average -mulr_sumr mulrCA. Qed.

Lemma averageN F : average (fun i => - F i) = - average F.
Proof. by rewrite -mulN1r -averageZ; apply: eq_average => i; rewrite mulN1r. Qed.

Lemma average_const c : (0 < #|I|)%N -> average (fun _ : I => c) = c.
Proof. by move=> pos; rewrite /average sumr_const -[X in _ * X]mulr_natl mulrA mulVf ?mul1r // pnatr_eq0 -lt0n. Qed.

Lemma average_le F G : (forall i, F i <= G i) -> average F <= average G.
Proof. by move=> le; rewrite /average ler_wpmul2l ?invr_ge0 ?ler0n //; apply: ler_sum => i _. Qed.

Lemma average_ge0 F : (forall i, 0 <= F i) -> 0 <= average F.
Proof. by move=> F0; rewrite /average mulr_ge0 ?invr_ge0 ?ler0n //; apply: sumr_ge0 => i _. Qed.

Lemma sum_average (A : finType) (H : A -> I -> R) : \sum_a average (H a) = average (fun i => \sum_a H a i).
Proof. by rewrite /average -mulr_sumr exchange_big. Qed.

Lemma dot_average u V : dot u (average_vector V) = average (fun i => dot u (V i)).
Proof. by rewrite /average_vector dotZr dot_sumr. Qed.

End Averages.

Section Pairs.
Variables (R : rcfType) (d : nat) (I : finType).
Implicit Types (F G : I -> R) (V : I -> 'rV[R]_d) (c : R).

(* the mean inner product of two independent draws is the square of the mean vector *)
Lemma average_dot V : average (fun i => average (fun i' => dot (V i) (V i'))) = norm (average_vector V) ^+ 2.
Proof.
rewrite sqr_norm dot_average; apply: eq_average => i.
by rewrite -dot_average dotC.
Qed.

Lemma average_dot_ge0 V : 0 <= average (fun i => average (fun i' => dot (V i) (V i'))).
Proof. by rewrite average_dot sqr_ge0. Qed.

Lemma average_swap (J : finType) (F : I -> J -> R) :
  average (fun i => average (F i)) = average (fun j => average (F^~ j)).
Proof.
rewrite /average -!mulr_sumr exchange_big /= !mulrA; congr (_ * _); exact: mulrC.
Qed.

(* Jensen for the square *)
Lemma sqr_average_le F : average F ^+ 2 <= average (fun i => F i ^+ 2).
Proof.
have [z|pos] := posnP #|I|; first by rewrite /average z invr0 !mul0r expr0n.
set D := average F.
have : 0 <= average (fun i => (F i - D) ^+ 2) by apply: average_ge0 => i; apply: sqr_ge0.
have -> : average (fun i => (F i - D) ^+ 2) = average (fun i => F i ^+ 2) - D ^+ 2.
  transitivity (average (fun i => (F i ^+ 2 + (- (2%:R * D)) * F i) + D ^+ 2)).
    by apply: eq_average => i; ring.
  by rewrite averageD averageD averageZ average_const // -/D; ring.
by rewrite subr_ge0.
Qed.

End Pairs.
