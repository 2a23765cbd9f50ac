(* Refuted: Theorem 4 with tau' = 0 for every encoder. The eight vertices of a cube, one sample each, meet every
   normalisation: |f| = sqrt(3) = sqrt(d), E f_a = 0, E f_a^2 = 1 and C = I. So L_2 = 0 and the bound at tau' = 0 is
   0, while mu_0.mu_1 = 1 for two classes that split the face x_0 = 1 along its diagonals; the third class is the
   face x_0 = -1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem4TauZero.
Variable R : rcfType.

Definition vertices : seq (seq bool) :=
  [:: [:: true; true; true]; [:: true; false; false]; [:: true; true; false]; [:: true; false; true];
      [:: false; true; true]; [:: false; false; false]; [:: false; true; false]; [:: false; false; true]].

Definition cube_features (i : 'I_8) (j : 'I_1) : 'rV[R]_3 :=
  \row_a (if nth false (nth [::] vertices i) a then 1 else -1).

Definition cube_label (i : 'I_8) : 'I_3 := if (i < 2)%N then ord0 else if (i < 4)%N then lift ord0 ord0 else ord_max.

Local Notation f := cube_features.
Local Notation label := cube_label.

Lemma cube_correlation : correlation f = 1%:M.
Proof.
apply/matrixP => a b; rewrite !mxE /average !card_ord invr1.
under eq_bigr do rewrite big_ord1 mul1r big_ord1 mul1r !mxE.
rewrite !big_ord_recl big_ord0.
case: a => [[|[|[|]]]] // ?; by case: b => [[|[|[|]]]] // ? /=; field.
Qed.

Lemma cube_class0 : class label ord0 = [set ord0; lift ord0 ord0].
Proof. by apply/setP => i; rewrite !inE /cube_label; case: i => [[|[|[|[|[|[|[|[|]]]]]]]]]. Qed.

Lemma cube_class1 : class label (lift ord0 ord0) = [set lift ord0 (lift ord0 ord0); lift ord0 (lift ord0 (lift ord0 ord0))].
Proof. by apply/setP => i; rewrite !inE /cube_label; case: i => [[|[|[|[|[|[|[|[|]]]]]]]]]. Qed.

Definition first_axis : 'rV[R]_3 := \row_a (if a == ord0 then 1 else 0).

Lemma cube_mean0 : class_mean f label ord0 = first_axis.
Proof.
rewrite /class_mean cube_class0 cards2 big_setU1 ?inE //= big_set1 !big_ord1.
by apply/rowP => a; rewrite !mxE; case: a => [[|[|[|]]]] // ? /=; field.
Qed.

Lemma cube_mean1 : class_mean f label (lift ord0 ord0) = first_axis.
Proof.
rewrite /class_mean cube_class1 cards2 big_setU1 ?inE //= big_set1 !big_ord1.
by apply/rowP => a; rewrite !mxE; case: a => [[|[|[|]]]] // ? /=; field.
Qed.

Lemma cube_norm i j : norm (f i j) = Num.sqrt 3%:R.
Proof.
rewrite /norm /dot; congr Num.sqrt.
rewrite (eq_bigr (fun=> 1)) => [|a _]; first by rewrite sumr_const card_ord.
by rewrite !mxE; case: ifP; rewrite ?mulrNN mulr1.
Qed.

(* Claim thm-4-tau-0: the 8 vertices of a cube in 3 classes: norm(f)^2 = d, E f = 0, C = I, bound 0, mu_0.mu_1 = 1 *)
Theorem theorem_4_tau_0_fails :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) k l,
  [/\ forall i j, norm (f i j) = Num.sqrt d%:R, forall a, average (fun i => average (fun j => f i j 0 a)) = 0,
      forall a, second_moment f a = 1, k != l
    & Num.sqrt (2%:R / (class_share R label k * class_share R label l) * (identity_distance f + 0 - (d%:R - K%:R) / 2%:R))
        < dot (class_mean f label k) (class_mean f label l)].
Proof.
exists 8%N, 1%N, 3%N, 3%N, f, label, ord0, (lift ord0 ord0); split=> //.
- exact: cube_norm.
- move=> a; rewrite /average !card_ord invr1; under eq_bigr do rewrite big_ord1 mul1r !mxE.
  by rewrite !big_ord_recl big_ord0; case: a => [[|[|[|]]]] // ? /=; field.
- move=> a; rewrite /second_moment.
  transitivity (average (fun _ : 'I_8 => 1 : R)); last by rewrite average_const ?card_ord.
  apply: eq_average => i; transitivity (average (fun _ : 'I_1 => 1 : R)); last by rewrite average_const ?card_ord.
  by apply: eq_average => j; rewrite !mxE; case: ifP; rewrite ?sqrrN expr1n.
have -> : identity_distance f = 0.
  rewrite /identity_distance cube_correlation subrr /sqr_frobenius.
  by rewrite big1 // => a _; rewrite big1 // => b _; rewrite mxE expr0n.
rewrite subrr mul0r subr0 addr0 mulr0 sqrtr0 cube_mean0 cube_mean1.
rewrite /dot (bigD1 ord0) //= !mxE eqxx mulr1 big1 ?addr0 ?ltr01 // => a ne.
by rewrite !mxE (negbTE ne) mul0r.
Qed.

End Theorem4TauZero.
