(* The augmentation-robust loss L_AR of ArCL (Zhao et al., ICLR 2023) over m views, and how it compares with the
   alignment. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ViewPairs.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section RobustAlignment.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.

(* the largest distance of two views of sample i in feature space *)
Definition view_diameter i : R := \big[Num.max/0]_(p : 'I_m * 'I_m) norm (f i p.1 - f i p.2).

(* its mean, and the mean of its square: L_AR *)
Definition robust_displacement : R := average view_diameter.
Definition robust_alignment : R := average (fun i => view_diameter i ^+ 2).

(* AAL: the mean over ordered pairs of two different views *)
Definition average_alignment : R :=
  average (fun i => (m%:R * (m%:R - 1))^-1 * \sum_j \sum_(j' | j' != j) norm (f i j - f i j') ^+ 2).

Lemma view_diameter_ge i a b : norm (f i a - f i b) <= view_diameter i.
Proof.
rewrite /view_diameter; have := mem_index_enum (a, b); elim: (index_enum _) => // p r IH.
rewrite inE big_cons le_maxr => /orP[/eqP <-|/IH ->]; by rewrite ?lexx ?orbT.
Qed.

Lemma view_diameter_ge0 i : 0 <= view_diameter i.
Proof. by rewrite /view_diameter; elim/big_rec: _ => [|p x _ x0]; rewrite ?lexx // le_maxr x0 orbT. Qed.

Lemma view_diameter_le i x : 0 <= x -> (forall a b, norm (f i a - f i b) <= x) -> view_diameter i <= x.
Proof. by move=> x0 le; rewrite /view_diameter; elim/big_rec: _ => // p y _ yx; rewrite le_maxl le. Qed.

Lemma displacement_le_root : robust_displacement <= Num.sqrt robust_alignment.
Proof.
apply: le_of_sqr; rewrite ?sqrtr_ge0 // sqr_sqrtr; first exact: sqr_average_le.
by apply: average_ge0 => i; apply: sqr_ge0.
Qed.

(* Claim l-ar: the value of L_AR on Example 1 is not formal *)
Theorem alignment_le_robust : (0 < m)%N -> alignment f <= robust_alignment.
Proof.
move=> m_gt0; have card_m : (0 < #|'I_m|)%N by rewrite card_ord.
apply: average_le => i; rewrite -[X in _ <= X](average_const _ card_m); apply: average_le => j.
rewrite -[X in _ <= X](average_const _ card_m); apply: average_le => j'.
by apply: sqr_le (norm_ge0 _) (view_diameter_ge _ _ _).
Qed.

Lemma average_alignmentE : (1 < m)%N -> average_alignment = m%:R / (m%:R - 1) * alignment f.
Proof.
move=> m_gt1; have m1 : m%:R - 1 != 0 :> R by rewrite gt_eqF // subr_gt0 ltr1n.
have m0 : m%:R != 0 :> R by rewrite pnatr_eq0 -lt0n ltnW.
rewrite alignment_pairs -averageZ; apply: eq_average => i.
have -> : \sum_j \sum_(j' | j' != j) norm (f i j - f i j') ^+ 2 = pairs f i.
  by apply: eq_bigr => j _; rewrite [RHS](bigD1 j) //= subrr norm0 expr0n add0r.
by field; rewrite m0.
Qed.

(* m/(m-1) L_align = AAL <= L_AR <= (m-1) AAL = m L_align *)
(* Claim l-ar-m *)
Theorem robust_within_factors : (1 < m)%N ->
  [/\ m%:R / (m%:R - 1) * alignment f = average_alignment, average_alignment <= robust_alignment,
      robust_alignment <= (m%:R - 1) * average_alignment & (m%:R - 1) * average_alignment = m%:R * alignment f].
Proof.
move=> m_gt1; have m_gt0 : (0 < m)%N := ltnW m_gt1.
have m1 : 0 < m%:R - 1 :> R by rewrite subr_gt0 ltr1n.
have m_pos : 0 < m%:R :> R by rewrite ltr0n.
have last : (m%:R - 1) * average_alignment = m%:R * alignment f.
  by rewrite average_alignmentE //; field; rewrite gt_eqF.
split=> //; first by rewrite average_alignmentE.
- apply: average_le => i; rewrite ler_pdivr_mull ?mulr_gt0 //.
  apply: le_trans (_ : \sum_(j < m) \sum_(j' < m | j' != j) view_diameter i ^+ 2 <= _).
    by apply: ler_sum => j _; apply: ler_sum => j' _; apply: sqr_le (norm_ge0 _) (view_diameter_ge _ _ _).
  rewrite (eq_bigr (fun=> (m%:R - 1) * view_diameter i ^+ 2)) => [|j _]; last first.
    set x := view_diameter i ^+ 2; have : \sum_(j' < m) x = x + \sum_(j' < m | j' != j) x by rewrite (bigD1 j).
    by rewrite sumr_const card_ord -[x *+ m]mulr_natl mulrBl mul1r => ->; rewrite addrC addKr.
  by rewrite sumr_const card_ord -[X in X <= _]mulr_natl mulrA.
rewrite last alignment_pairs -averageZ; apply: average_le => i.
apply: le_trans (_ : pairs f i / m%:R <= _); last first.
  rewrite le_eqVlt; apply/orP; left; apply/eqP; field; by rewrite gt_eqF.
have root0 : 0 <= pairs f i / m%:R by rewrite divr_ge0 ?pairs_ge0 ?ler0n.
rewrite -(sqr_sqrtr root0); apply: sqr_le (view_diameter_ge0 i) _.
apply: view_diameter_le; rewrite ?sqrtr_ge0 // => a b; apply: le_of_sqr; rewrite ?sqrtr_ge0 // (sqr_sqrtr root0).
by rewrite ler_pdivl_mulr // mulrC pair_le_pairs.
Qed.

(* fewer views, or views repeated: L_AR does not grow *)
(* Claim l-ar *)
Theorem robust_more_views (m' : nat) (chosen : 'I_m' -> 'I_m) :
  average (fun i => (\big[Num.max/0]_(p : 'I_m' * 'I_m') norm (f i (chosen p.1) - f i (chosen p.2))) ^+ 2)
    <= robust_alignment.
Proof.
apply: average_le => i; apply: sqr_le.
  by elim/big_rec: _ => [|p x _ x0]; rewrite ?lexx // le_maxr x0 orbT.
by elim/big_rec: _ => [|p x _ le]; rewrite ?view_diameter_ge0 // le_maxl le view_diameter_ge.
Qed.

End RobustAlignment.
