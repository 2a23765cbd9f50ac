(* From a sample to the population, the finite parts: one level split over several events; products, norms and
   distances of class means that are known up to balls; the part of a class with a view near an anchor. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Union.
Variables (R : rcfType) (Omega : finType) (weight : Omega -> R).
Hypotheses (weight_ge0 : forall x, 0 <= weight x) (total : \sum_x weight x = 1).

Definition probability (E : {set Omega}) : R := \sum_(x in E) weight x.

Lemma probabilityC E : probability (~: E) = 1 - probability E.
Proof.
rewrite -total /probability [X in _ = X - _](bigID (mem E)) /= addrC addKr.
by apply: eq_bigl => x; rewrite inE.
Qed.

Lemma probability_bigcup (k : nat) (F : 'I_k -> {set Omega}) : probability (\bigcup_i F i) <= \sum_i probability (F i).
Proof.
rewrite /probability big_mkcond (eq_bigr (fun i => \sum_x if x \in F i then weight x else 0)) => [|i _]; last first.
  by rewrite big_mkcond.
rewrite exchange_big; apply: ler_sum => x _ /=.
have part_ge0 i : 0 <= (if x \in F i then weight x else 0) by case: ifP.
case: ifP => [/bigcupP[i _ xi]|_]; last exact: sumr_ge0.
by rewrite (bigD1 i) //= xi ler_addl; apply: sumr_ge0.
Qed.

(* k events of probability at least 1 - a / k each happen together with probability at least 1 - a *)
(* Claim population-union: finite probability spaces *)
Theorem union_bound (k : nat) (E : 'I_k -> {set Omega}) (a : R) : (0 < k)%N ->
  (forall i, 1 - a / k%:R <= probability (E i)) -> 1 - a <= probability (\bigcap_i E i).
Proof.
move=> k_gt0 each; have k_pos : 0 < k%:R :> R by rewrite ltr0n.
rewrite ler_subl_addr -ler_subl_addl -probabilityC setC_bigcap; apply: le_trans (probability_bigcup _) _.
apply: le_trans (_ : \sum_(i < k) a / k%:R <= _); last first.
  by rewrite sumr_const card_ord -mulr_natr divfK ?gt_eqF.
by apply: ler_sum => i _; rewrite probabilityC ler_subl_addr -ler_subl_addl.
Qed.

End Union.

Section Balls.
Variables (R : rcfType) (d : nat).
Implicit Types (x y : 'rV[R]_d) (e : R).

Lemma norm_gap x y e : norm (x - y) <= e -> `|norm x - norm y| <= e.
Proof.
have le (u v : 'rV[R]_d) : norm u <= norm (u - v) + norm v by rewrite -{1}[u](subrK v); apply: triangle.
move=> near; rewrite ler_norml; apply/andP; split.
  by rewrite ler_oppl opprB ler_subl_addr (le_trans (le y x)) // ler_add2r normB.
by rewrite ler_subl_addr (le_trans (le x y)) // ler_add2r.
Qed.

(* m_k is within e_k of mu_k *)
(* Claim population-products *)
Theorem population_products (m1 m2 mu1 mu2 : 'rV[R]_d) (e1 e2 : R) : norm (m1 - mu1) <= e1 -> norm (m2 - mu2) <= e2 ->
  [/\ `|dot m1 m2 - dot mu1 mu2| <= e1 * norm m2 + e2 * norm m1 + e1 * e2,
      `|norm m1 - norm mu1| <= e1 & `|norm (m1 - m2) - norm (mu1 - mu2)| <= e1 + e2].
Proof.
move=> near1 near2; have e10 := le_trans (norm_ge0 _) near1; have e20 := le_trans (norm_ge0 _) near2.
split; [| exact: norm_gap | apply: norm_gap; apply: le_trans (_ : norm ((m1 - mu1) - (m2 - mu2)) <= _)].
- have -> : dot m1 m2 - dot mu1 mu2 = dot (m1 - mu1) m2 + dot m1 (m2 - mu2) + - dot (m1 - mu1) (m2 - mu2).
    by rewrite !dotE; ring.
  apply: le_trans (ler_norm_add _ _) _; rewrite normrN; apply: ler_add.
    apply: le_trans (ler_norm_add _ _) _; apply: ler_add; apply: le_trans (cauchy_schwarz _ _) _.
      by rewrite ler_wpmul2r ?norm_ge0.
    by rewrite mulrC ler_wpmul2r ?norm_ge0.
  by apply: le_trans (cauchy_schwarz _ _) _; apply: ler_pmul; rewrite ?norm_ge0.
- rewrite le_eqVlt; apply/orP; left; apply/eqP; congr norm; apply/rowP => i; rewrite !mxE; ring.
by apply: le_trans (triangle _ _) _; rewrite normN ler_add.
Qed.

End Balls.

Section Anchor.
Variables (R : rcfType) (n m K : nat) (input : Type).
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.
Variable label : 'I_n -> 'I_K.
Hypotheses (dist_sym : forall x y, dist x y = dist y x) (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).

(* the samples of class l that have a view within delta / 2 of the anchor *)
Definition near_anchor (anchor : input) (delta : R) l : {set 'I_n} :=
  [set i in class label l | [exists j, dist (view i j) anchor <= delta / 2%:R]].

(* they are a main part: the mass of a set that is a binomial proportion bounds sigma from below *)
(* Claim population-anchor: that the part has diameter delta; the level of its mass is `clopper_pearson_lower` *)
Theorem anchor_main_part anchor delta sigma l :
  sigma * #|class label l|%:R <= #|near_anchor anchor delta l|%:R ->
  augmentation_main_part dist view label sigma delta l (near_anchor anchor delta l).
Proof.
move=> size; split=> //; first by apply/subsetP => i; rewrite inE => /andP[].
move=> i i'; rewrite !inE => /andP[_ /existsP[j near]] /andP[_ /existsP[j' near']]; exists j, j'.
apply: le_trans (dist_triangle _ anchor _) _; rewrite (dist_sym anchor).
by apply: le_trans (ler_add near near') _; rewrite -splitr.
Qed.

End Anchor.
