(* Refuted: Theorem 1 with R_eps := P[S_eps], as one sentence of section 2 of Huang et al. (ICLR 2023) prints it. Two classes of
   one sample with four views: the feature of view 0 is u, those of the others -u, with u = 1 and u = -1. No sample is aligned. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma32Step Theorem1.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1AlignedShare.
Variable R : rcfType.

Definition aligned_share_rho_max (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) sigma eps s : R :=
  rho_printed sigma (share R (aligned f eps) / smallest_share R label) s.

Definition torn (i : 'I_2) (j : 'I_4) : 'rV[R]_1 := const_mx (if (i == ord0) == (j == ord0) then 1 else - 1).

Lemma torn_class (l : 'I_2) : class id l = [set l].
Proof. by apply/setP => i; rewrite !inE. Qed.

Lemma torn_mean (l : 'I_2) : class_mean torn id l = const_mx (if l == ord0 then - 2%:R^-1 else 2%:R^-1).
Proof.
rewrite /class_mean torn_class cards1 big_set1 !big_ord_recl big_ord0 /torn.
by apply/rowP => a; rewrite !mxE; case: (l == ord0) => /=; field.
Qed.

Lemma torn_aligned : aligned torn 0 = set0.
Proof.
apply/setP => i; rewrite !inE; apply/negP => /forallP /(_ ord0) /forallP /(_ ord_max).
rewrite /torn subr_line norm_line normr_le0 /=.
have two : (1 + 1 == 0 :> R) = false by rewrite -[1 + 1]/(2%:R) pnatr_eq0.
by case: (i == ord0) => /=; rewrite ?opprK ?two // -opprD oppr_eq0 two.
Qed.

Lemma mean_shortfall_le1 (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) : mean_shortfall f label <= 1.
Proof.
rewrite /mean_shortfall ler_subl_addr ler_addl; elim/big_ind: _ => [|x y x0 y0|l _]; rewrite ?ler01 ?sqr_ge0 //.
by rewrite le_minr x0 y0.
Qed.

(* Claim thm-1-misprint-aligned: P[S_0] = 0 and sigma = 1, yet every sample is misclassified *)
Theorem theorem_1_aligned_share_fails :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) (original : 'I_n -> 'I_m),
  [/\ unit_features f, forall l, class label l != set0, forall l, main_part f label 1 0 l (class label l),
      forall l k, k != l ->
        dot (class_mean f label l) (class_mean f label k)
          < threshold (aligned_share_rho_max f label 1 0 0) - mean_shortfall f label / 2%:R
    & (1 - 1) + share R (aligned f 0) < nearest_mean_error f label original].
Proof.
exists 2%N, 4%N, 1%N, 2%N, torn, id, (fun=> ord0).
have none : share R (aligned torn 0) = 0 by rewrite torn_aligned /share cards0 mul0r.
split.
- by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1.
- by move=> l; rewrite torn_class -card_gt0 cards1.
- move=> l; rewrite torn_class; split; rewrite ?torn_class // ?mul1r // => i i'; rewrite !inE => /eqP-> /eqP->.
  by exists ord0, ord0; rewrite subrr norm0.
- move=> l k kl; rewrite !torn_mean dot_line.
  have -> : aligned_share_rho_max torn id 1 0 0 = 0 by rewrite /aligned_share_rho_max none /rho_printed; ring.
  rewrite /threshold mulr0 sqrtr0 !subr0.
  have -> : (if l == ord0 then - 2%:R^-1 else 2%:R^-1) * (if k == ord0 then - 2%:R^-1 else 2%:R^-1) = - 4%:R^-1 :> R.
    by case: l k kl => [[|[|]]] // ? [[|[|]]] // ? _ /=; field.
  apply: lt_le_trans (_ : 2%:R^-1 <= _).
    by apply: lt_trans (_ : 0 < _); rewrite ?oppr_lt0 invr_gt0 ltr0n.
  apply: (@certified _ ((1 - mean_shortfall torn id) / 2%:R)); last by field.
  by rewrite divr_ge0 ?ler0n // subr_ge0 mean_shortfall_le1.
rewrite none subrr addr0 /nearest_mean_error /share divr_gt0 ?ltr0n // card_gt0.
apply/set0Pn; exists ord0; rewrite !inE; apply/existsP; exists ord_max; rewrite /= /taken_for !torn_mean /= /torn /=.
rewrite !subr_line !norm_line opprK ger0_norm; last by rewrite subr_ge0 invf_le1 ?ler1n ?ltr0n.
rewrite ger0_norm ?ler_add2l ?addr_ge0 ?ler01 ?invr_ge0 ?ler0n //.
by rewrite (le_trans (_ : _ <= 0)) ?oppr_le0 ?invr_ge0 ?ler0n.
Qed.

End Theorem1AlignedShare.
