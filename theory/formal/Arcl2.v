(* Theorem 2 of ArCL (Zhao et al., ICLR 2023), corrected: a head that is best on one augmented domain loses on another at
   most c (|h_A| + |h_B|) times the mean view diameter, which is not squared. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Arcl2.
Variables (R : rcfType) (n m d outputs : nat) (target : Type).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.            (* f i a: features of sample i under augmentation a *)
Variable y : 'I_n -> target.
Variable loss : 'rV[R]_outputs -> target -> R.
Hypothesis n_gt0 : (0 < n)%N.

(* a head: a matrix and an intercept *)
Definition head : Type := 'M[R]_(d, outputs) * 'rV[R]_outputs.
Definition apply (h : head) (u : 'rV[R]_d) := u *m h.1 + h.2.

(* N bounds the operator norm of the head's matrix *)
Definition norm_bound (h : head) (N : R) := 0 <= N /\ forall u : 'rV[R]_d, norm (u *m h.1) <= N * norm u.

Definition risk (h : head) a : R := n%:R^-1 * \sum_i loss (apply h (f i a)) (y i).

Definition best (h : head) a := forall h', risk h a <= risk h' a.

Definition lipschitz_loss c := forall z z' t, `|loss z t - loss z' t| <= c * norm (z - z').

(* sup over two augmentations of the distance of the features; its mean; L_AR, the mean of its square *)
Definition view_diameter i : R := \big[Num.max/0]_(p : 'I_m * 'I_m) norm (f i p.1 - f i p.2).
Definition robust_displacement : R := n%:R^-1 * \sum_i view_diameter i.
Definition robust_alignment : R := n%:R^-1 * \sum_i view_diameter i ^+ 2.

Lemma view_diameter_ge i a b : norm (f i a - f i b) <= view_diameter i.
Proof.
rewrite /view_diameter; have := mem_index_enum (a, b); elim: (index_enum _) => // p r IH.
rewrite inE big_cons le_maxr => /orP[/eqP <-|/IH ->]; by rewrite ?lexx ?orbT.
Qed.

Variables (c : R) (loss_lipschitz : lipschitz_loss c) (c_ge0 : 0 <= c).

Lemma risk_shift h N a b : norm_bound h N -> risk h a - risk h b <= c * N * robust_displacement.
Proof.
move=> [N0 bound]; rewrite /risk -mulrBr -sumrB /robust_displacement mulrCA ler_pmul2l ?invr_gt0 ?ltr0n //.
rewrite mulr_sumr; apply: ler_sum => i _.
apply: le_trans (ler_norm _) _; apply: le_trans (loss_lipschitz _ _ _) _.
rewrite -mulrA ler_wpmul2l // /apply opprD addrACA subrr addr0 -mulmxBl.
by apply: le_trans (bound _) _; rewrite ler_wpmul2l // view_diameter_ge.
Qed.

Lemma displacement_le_root : robust_displacement <= Num.sqrt robust_alignment.
Proof.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
apply: le_of_sqr; first exact: sqrtr_ge0.
have L0 : 0 <= robust_alignment.
  by rewrite mulr_ge0 ?invr_ge0 ?ler0n //; apply: sumr_ge0 => i _; apply: sqr_ge0.
rewrite sqr_sqrtr //; set D := robust_displacement.
have : 0 <= n%:R^-1 * \sum_i (view_diameter i - D) ^+ 2.
  by rewrite mulr_ge0 ?invr_ge0 ?ler0n //; apply: sumr_ge0 => i _; apply: sqr_ge0.
have -> : \sum_i (view_diameter i - D) ^+ 2
        = \sum_i view_diameter i ^+ 2 - 2%:R * D * (\sum_i view_diameter i) + n%:R * D ^+ 2.
  have -> : n%:R * D ^+ 2 = \sum_(i < n) D ^+ 2 by rewrite sumr_const card_ord mulr_natl.
  rewrite mulr_sumr -sumrB -big_split /=.
  by apply: eq_bigr => i _; ring.
have Dn : \sum_i view_diameter i = n%:R * D by rewrite /D /robust_displacement mulVKf ?gt_eqF.
rewrite Dn => h; rewrite -subr_ge0; apply: le_trans h _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite /robust_alignment; field; rewrite gt_eqF.
Qed.

Theorem arcl_2_corrected (hA hB : head) a b NA NB :
  best hA a -> best hB b -> norm_bound hA NA -> norm_bound hB NB ->
  0 <= risk hB a - risk hA a
  /\ risk hB a - risk hA a <= c * (NA + NB) * robust_displacement
  /\ c * (NA + NB) * robust_displacement <= c * (NA + NB) * Num.sqrt robust_alignment.
Proof.
move=> bestA bestB boundA boundB; split; first by rewrite subr_ge0.
split; last first.
  apply: ler_wpmul2l displacement_le_root; by rewrite mulr_ge0 ?addr_ge0 //; [case: boundA|case: boundB].
have shiftB := risk_shift a b boundB; have shiftA := risk_shift b a boundA; have middle := bestB hA.
apply: (@certified _ ((c * NB * robust_displacement - (risk hB a - risk hB b))
  + (c * NA * robust_displacement - (risk hA b - risk hA a)) + (risk hA b - risk hB b))); last ring.
by nonneg.
Qed.

End Arcl2.
