(* Refuted: the step f(x0).mu_l >= 1 - rho_l that a direct proof of Lemma 3.2 would need. A world of 4 samples
   with 3 views each, on the points +1 and -1 of the line, breaks it: f(x0).mu_0 = 1/3, while 1 - rho_0 = 1/2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Lemma32Step.
Variable R : rcfType.

(* the views of the four samples: all at 1; one at 1 and two at -1; all at -1, twice *)
Definition at_one : seq (seq bool) :=
  [:: [:: true; true; true]; [:: true; false; false]; [:: false; false; false]; [:: false; false; false]].

Definition step_features (i : 'I_4) (j : 'I_3) : 'rV[R]_1 :=
  const_mx (if nth false (nth [::] at_one i) j then 1 else -1).

Definition step_label (i : 'I_4) : 'I_2 := if (i < 2)%N then ord0 else ord_max.

Local Notation f := step_features.
Local Notation label := step_label.

Lemma dot_line (x y : R) : dot (const_mx x : 'rV_1) (const_mx y) = x * y.
Proof. by rewrite /dot big_ord1 !mxE. Qed.

Lemma norm_line (x : R) : norm (const_mx x : 'rV_1) = `|x|.
Proof. by rewrite /norm dot_line -expr2 sqrtr_sqr. Qed.

Lemma subr_line (x y : R) : (const_mx x - const_mx y : 'rV[R]_1) = const_mx (x - y).
Proof. by apply/rowP => a; rewrite !mxE. Qed.

Lemma step_unit : unit_features f.
Proof. by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1. Qed.

Lemma step_class0 : class label ord0 = [set ord0; lift ord0 ord0].
Proof. by apply/setP => i; rewrite !inE /step_label; case: i => [[|[|[|[|]]]]]. Qed.

Lemma step_mean : class_mean f label ord0 = const_mx (3%:R^-1).
Proof.
rewrite /class_mean step_class0 cards2 big_setU1 ?inE //= big_set1 !big_ord_recl !big_ord0.
by apply/rowP => a; rewrite !mxE /=; field.
Qed.

Lemma step_aligned : aligned f 0 = ~: [set lift ord0 ord0].
Proof.
apply/setP => i; rewrite !inE; apply/forallP/idP => [all|].
  apply/eqP => e; have := forallP (all ord0) ord_max; rewrite e subr_line norm_line /= opprK => le.
  by move: le; rewrite normr_le0 -[1 + 1]/(2%:R) pnatr_eq0.
move=> ne j; apply/forallP => j'; rewrite subr_line norm_line.
suff -> : nth false (nth [::] at_one i) j = nth false (nth [::] at_one i) j' by rewrite subrr normr0.
by case: i ne => [[|[|[|[|]]]]] // ? _; case: j => [[|[|[|]]]] // ?; case: j' => [[|[|[|]]]].
Qed.

Lemma step_ratio : misaligned_share f 0 / class_share R label ord0 = 2%:R^-1.
Proof.
rewrite /misaligned_share /class_share /share step_aligned setCK cards1 step_class0 cards2 /=.
by field.
Qed.

(* the class is its own main part, with sigma = 1 and delta = 0: any two of its samples share the view 1 *)
Lemma step_main_part : main_part f label 1 0 ord0 (class label ord0).
Proof.
split=> //; first by rewrite mul1r.
move=> i i'; rewrite step_class0 !inE => ci ci'; exists ord0, ord0; rewrite subr_line norm_line.
by case/orP: ci => /eqP->; case/orP: ci' => /eqP->; rewrite /= subrr normr0.
Qed.

(* Claim lemma-3.2-step: 4 samples with 3 views on the points +1 and -1: 1/3 < 1/2 *)
Theorem lemma_3_2_step_fails :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) l C i j,
  [/\ unit_features f, main_part f label 1 0 l C, i \in C, i \in aligned f 0
    & dot (f i j) (class_mean f label l)
        < 1 - rho_printed 1 (misaligned_share f 0 / class_share R label l) (0 + 2%:R * 0)].
Proof.
exists 4%N, 3%N, 1%N, 2%N, f, label, ord0, (class label ord0), ord0, ord0.
split; [exact: step_unit | exact: step_main_part | by rewrite step_class0 !inE | by rewrite step_aligned !inE |].
rewrite step_mean dot_line step_ratio /rho_printed /=.
have -> : 1 - (2%:R * (1 - 1) + 2%:R^-1 + 1 * (0 + 2%:R * 0)) = 2%:R^-1 :> R by field.
by rewrite mul1r ltf_pinv ?posrE ?ltr0n // ltr_nat.
Qed.

End Lemma32Step.
