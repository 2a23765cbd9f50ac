(* Theorem 1 of Huang et al. (ICLR 2023) in the words of the paper: rho_max, Delta_mu and an L-Lipschitz encoder. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31 MainParts Lemma32 Theorem1Printed.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1.
Variables (R : rcfType) (n m d K : nat).
Variable input : Type.
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.
Variable encoder : input -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.

Local Notation f := (features view encoder).
Local Notation mean := (class_mean f label).

Definition rho_max sigma delta L eps : R :=
  rho_printed sigma (misaligned_share f eps / smallest_share R label) (L * delta + 2%:R * eps).

Lemma bigmin_le (I : finType) (F : I -> R) i : \big[Num.min/1]_l F l <= F i.
Proof.
have := mem_index_enum i; elim: (index_enum I) => // j r IH.
by rewrite inE big_cons le_minl => /orP[/eqP <-|/IH ->]; rewrite ?lexx ?orbT.
Qed.

Lemma bigmin_gt0 (I : finType) (F : I -> R) : (forall i, 0 < F i) -> 0 < \big[Num.min/1]_l F l.
Proof. by move=> F0; elim/big_ind: _ => [|x y x0 y0|i _] //; rewrite ?ltr01 // lt_minr x0. Qed.

(* Claims thm-1, thm-1-shared-views: the same L, delta for all classes, as in the paper; samples of any classes may share views *)
Theorem theorem_1 sigma delta L eps (C : 'I_K -> {set 'I_n}) :
  (0 < n)%N -> (forall l, class label l != set0) -> unit_features f -> 0 <= sigma -> 0 <= L ->
  lipschitz dist encoder L -> (forall l, augmentation_main_part dist view label sigma delta l (C l)) ->
  (forall l k, k != l ->
    dot (mean l) (mean k) < threshold (rho_max sigma delta L eps) - mean_shortfall f label / 2%:R) ->
  nearest_mean_error f label original <= (1 - sigma) + misaligned_share f eps.
Proof.
move=> n_gt0 nonempty unit_f sigma0 L0 lip parts condition.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have share_gt0 l : 0 < class_share R label l by rewrite divr_gt0 // ltr0n card_gt0.
apply: (theorem_1_printed original n_gt0 unit_f _ sigma0) => [l|l k kl].
  by apply: main_part_of_augmentation L0 lip (parts l).
apply: lt_le_trans (condition l k kl) _; apply: le_trans (_ : threshold (rho_max sigma delta L eps) <= _).
  by rewrite ler_subl_addr ler_addl divr_ge0 ?ler0n // mean_shortfall_ge0.
apply: threshold_antitone; rewrite /rho_max /rho_printed ler_add2r ler_add2l.
rewrite ler_wpmul2l ?divr_ge0 ?ler0n // lef_pinv ?posrE ?bigmin_gt0 //; exact: bigmin_le.
Qed.

End Theorem1.
