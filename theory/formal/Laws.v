(* Probability distributions on finite sets: expectations, independent outcomes, Markov's inequality. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Population.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Laws.
Variable R : rcfType.

(* a probability distribution on a finite set, and E F under it *)
Definition is_law (T : finType) (p : T -> R) : Prop := (forall x, 0 <= p x) /\ \sum_x p x = 1.
Definition expected (T : finType) (p : T -> R) (F : T -> R) : R := \sum_x p x * F x.

(* the laws of two, and of n, independent outcomes *)
Definition pair_law (A B : finType) (p : A -> R) (q : B -> R) (w : A * B) : R := p w.1 * q w.2.
Definition product_law (n : nat) (T : finType) (p : 'I_n -> T -> R) (w : {ffun 'I_n -> T}) : R := \prod_i p i (w i).

Section Pair.
Variables (A B : finType) (p : A -> R) (q : B -> R).

Lemma expected_pair F : expected (pair_law p q) F = \sum_x \sum_y p x * q y * F (x, y).
Proof. by rewrite pair_bigA; apply: eq_bigr => -[]. Qed.

Hypotheses (law_p : is_law p) (law_q : is_law q).

Lemma expected_first F : expected (pair_law p q) (fun w => F w.1) = expected p F.
Proof.
rewrite expected_pair; apply: eq_bigr => x _ /=.
by rewrite -mulr_suml -mulr_sumr law_q.2 mulr1.
Qed.

Lemma expected_second F : expected (pair_law p q) (fun w => F w.2) = expected q F.
Proof.
rewrite expected_pair exchange_big; apply: eq_bigr => y _ /=.
by rewrite -mulr_suml -mulr_suml law_p.2 mul1r.
Qed.

Lemma pair_is_law : is_law (pair_law p q).
Proof.
split=> [w|]; first by rewrite mulr_ge0 ?law_p.1 ?law_q.1.
transitivity (expected (pair_law p q) (fun=> 1)); first by apply: eq_bigr => w _; rewrite mulr1.
by rewrite (expected_first (fun=> 1)) -[RHS]law_p.2; apply: eq_bigr => x _; rewrite mulr1.
Qed.

End Pair.

Lemma expectedB (T : finType) (p : T -> R) F G : expected p (fun x => F x - G x) = expected p F - expected p G.
Proof. by rewrite -sumrB; apply: eq_bigr => x _; rewrite mulrBr. Qed.

Lemma expected_affine (T : finType) (p : T -> R) c F : is_law p -> expected p (fun x => 1 + c * F x) = 1 + c * expected p F.
Proof.
case=> _ total; rewrite /expected -[X in X + _]total mulr_sumr -big_split; apply: eq_bigr => x _ /=.
by rewrite mulrDr mulr1 mulrCA.
Qed.

(* P[W >= 1/a] <= a E W for W >= 0 *)
(* Claim population-bets: Markov's inequality, on finite probability spaces *)
Theorem markov (T : finType) (p : T -> R) (W : T -> R) (a : R) : is_law p -> (forall x, 0 <= W x) -> 0 < a ->
  probability p [set x | a^-1 <= W x] <= a * expected p W.
Proof.
move=> [p_ge0 _] W_ge0 a_gt0; rewrite /probability /expected mulr_sumr [X in X <= _]big_mkcond.
apply: ler_sum => x _; rewrite inE; case: ifP => [reached|_]; last by rewrite !mulr_ge0 ?p_ge0 ?W_ge0 ?ltW.
by rewrite mulrCA -[X in X <= _]mulr1 ler_wpmul2l // mulrC -ler_pdivr_mulr // mul1r.
Qed.

Section Rounds.
Variables (n : nat) (T : finType) (p : 'I_n -> T -> R).

Lemma expected_product (F : 'I_n -> T -> R) :
  expected (product_law p) (fun w : {ffun 'I_n -> T} => \prod_i F i (w i)) = \prod_i expected (p i) (F i).
Proof. by rewrite /expected bigA_distr_bigA; apply: eq_bigr => w _; rewrite -big_split. Qed.

Hypothesis laws : forall i, is_law (p i).

Lemma product_is_law : is_law (product_law p).
Proof.
split=> [w|]; first by apply: prodr_ge0 => i _; case: (laws i).
transitivity (expected (product_law p) (fun w : {ffun 'I_n -> T} => \prod_i (fun _ _ => 1) i (w i))).
  by apply: eq_bigr => w _; rewrite big1 ?mulr1.
rewrite (expected_product (fun _ _ => 1)) big1 // => i _.
by rewrite -[RHS](laws i).2; apply: eq_bigr => x _; rewrite mulr1.
Qed.

End Rounds.

(* the first of n + 1 outcomes and the others *)
Section Cons.
Variable T : finType.

Definition cons n (x : T) (w : {ffun 'I_n -> T}) : {ffun 'I_n.+1 -> T} := [ffun i => oapp w x (unlift ord0 i)].

Lemma cons0 n x (w : {ffun 'I_n -> T}) : cons x w ord0 = x.
Proof. by rewrite ffunE unlift_none. Qed.

Lemma cons_lift n x (w : {ffun 'I_n -> T}) i : cons x w (lift ord0 i) = w i.
Proof. by rewrite ffunE liftK. Qed.

Lemma expected_cons n (p : 'I_n.+1 -> T -> R) F : expected (product_law p) F
  = expected (pair_law (p ord0) (product_law (fun i => p (lift ord0 i)))) (fun w => F (cons w.1 w.2)).
Proof.
pose tail (w : {ffun 'I_n.+1 -> T}) : {ffun 'I_n -> T} := [ffun i => w (lift ord0 i)].
rewrite /expected (reindex (fun w : T * {ffun 'I_n -> T} => cons w.1 w.2)) /=; last first.
  exists (fun w : {ffun 'I_n.+1 -> T} => (w ord0, tail w)) => [[x w] _|w _] /=.
    by rewrite cons0; congr (_, _); apply/ffunP => i; rewrite ffunE cons_lift.
  by apply/ffunP => i; case: (unliftP ord0 i) => [j|] ->; rewrite ?cons_lift ?cons0 // ffunE.
apply: eq_bigr => -[x w] _ /=; congr (_ * _); rewrite /product_law /pair_law /= big_ord_recl cons0; congr (_ * _).
by apply: eq_bigr => i _; rewrite cons_lift.
Qed.

End Cons.
End Laws.

Section Probability.
Variables (R : rcfType) (T : finType) (p : T -> R).
Hypothesis law : is_law p.
Implicit Types (E F : {set T}).

Lemma probability_le E F : E \subset F -> probability p E <= probability p F.
Proof.
move=> sub; rewrite /probability [X in _ <= X](big_setID E) /= (setIidPr sub) ler_addl.
by apply: sumr_ge0 => x _; case: law.
Qed.

Lemma probability_cap E F a b : 1 - a <= probability p E -> 1 - b <= probability p F ->
  1 - (a + b) <= probability p (E :&: F).
Proof.
move=> likely_E likely_F; have split_E : probability p E = probability p (E :&: F) + probability p (E :\: F).
  by rewrite /probability (big_setID F).
have rest : probability p (E :\: F) <= 1 - probability p F.
  by rewrite -(probabilityC law.2) probability_le // setDE subsetIr.
apply: (@certified _ ((probability p E - (1 - a)) + (probability p F - (1 - b))
  + (1 - probability p F - probability p (E :\: F)))); first by nonneg.
by rewrite split_E; ring.
Qed.

End Probability.
