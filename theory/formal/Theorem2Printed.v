(* Theorem 2 of Huang et al. (ICLR 2023) with the printed eta, before the infimum over h is taken. A view is with probability 1/2
   one of m discrete ones and else one of a cube of parameters; here a finite grid of N parameters stands for the cube. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem2Printed.
Variables (R : rcfType) (n m N p d : nat).
Local Notation view := ('I_m + 'I_N)%type.
Variable f : 'I_n -> view -> 'rV[R]_d.        (* features of a view of a sample: a discrete one, or one of the grid *)
Variable theta : 'I_N -> 'rV[R]_p.            (* the parameters of a view of the grid *)

(* the probability of a view *)
Definition view_weight (v : view) : R := if v is inl _ then (2%:R * m%:R)^-1 else (2%:R * N%:R)^-1.

(* S_eps, R_eps and L_align for this law of views *)
Definition aligned_views (eps : R) : {set 'I_n} := [set i | [forall u, forall v, norm (f i u - f i v) <= eps]].
Definition misaligned_view_share eps : R := share R (~: aligned_views eps).
Definition view_alignment : R :=
  average (fun i => \sum_u \sum_v view_weight u * view_weight v * norm (f i u - f i v) ^+ 2).

(* every parameter lies in a cube of side h that has at least the share h^p of the grid *)
Definition fine_grid (h : R) : Prop :=
  forall g, exists A : {set 'I_N},
    h ^+ p * N%:R <= #|A|%:R /\ forall g', g' \in A -> forall a, `|theta g' 0 a - theta g 0 a| <= h.

(* the features of the views of the grid are L-Lipschitz in the view, and a view M-Lipschitz in its parameters *)
Definition lipschitz_views (LM : R) : Prop := forall i g g', norm (f i (inr g) - f i (inr g')) <= LM * norm (theta g - theta g').

(* 4 max(1, m^2 h^(2p)) / (h^(2p) (eps - c h)) with c = 2 sqrt(p) L M *)
Definition rate LM : R := 2%:R * Num.sqrt p%:R * LM.
Definition printed_objective LM eps h : R :=
  4%:R * Num.max 1 (m%:R ^+ 2 * h ^+ (2 * p)) / (h ^+ (2 * p) * (eps - rate LM * h)).

Section Bound.
Variables (LM eps h : R).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N) (N_gt0 : (0 < N)%N).
Hypotheses (LM0 : 0 <= LM) (h0 : 0 < h) (small : rate LM * h < eps).
Hypotheses (fine : fine_grid h) (lip : lipschitz_views LM).

Local Notation q := view_weight.
Let least : R := Num.min (h ^+ p) m%:R^-1 / 2%:R.
Let m_pos : 0 < m%:R :> R. Proof. by rewrite ltr0n. Qed.
Let N_pos : 0 < N%:R :> R. Proof. by rewrite ltr0n. Qed.
Let hp : 0 < h ^+ p. Proof. exact: exprn_gt0. Qed.

Lemma view_weight_ge0 v : 0 <= q v.
Proof. by case: v => ?; rewrite /= invr_ge0 mulr_ge0 ?ler0n. Qed.

Lemma weighted_ge0 u v x : 0 <= x -> 0 <= q u * q v * x.
Proof. by move=> x0; apply: mulr_ge0 x0; apply: mulr_ge0; exact: view_weight_ge0. Qed.

Lemma view_weights : \sum_v q v = 1.
Proof.
have half (k : nat) : (0 < k)%N -> \sum_(j < k) (2%:R * k%:R)^-1 = 2%:R^-1 :> R.
  by move=> k0; rewrite sumr_const card_ord -mulr_natl; field; rewrite pnatr_eq0 -lt0n.
rewrite big_sumType /= !half //; by field.
Qed.

Lemma least_ge0 : 0 <= least.
Proof. by rewrite divr_ge0 ?ler0n // le_minr invr_ge0 ler0n ltW. Qed.

(* the neighbourhood of a view *)
Lemma neighbourhood i v : exists A : {set view},
  least <= \sum_(u in A) q u /\ forall u, u \in A -> norm (f i u - f i v) <= rate LM * h / 2%:R.
Proof.
have r0 : 0 <= rate LM * h / 2%:R.
  apply: divr_ge0 (ler0n _ _); apply: mulr_ge0 (ltW h0); apply: mulr_ge0 LM0.
  by apply: mulr_ge0; rewrite ?sqrtr_ge0 ?ler0n.
case: v => [j|g].
  exists [set inl j]; split=> [|u]; last by rewrite inE => /eqP ->; rewrite subrr norm0.
  rewrite big_set1 /= /least invfM mulrC ler_wpmul2l ?invr_ge0 ?ler0n //; by rewrite le_minl lexx orbT.
have [A [size near]] := fine g; exists [set inr g' | g' in A]; split=> [|u].
  rewrite big_imset /=; last by move=> x y _ _ [].
  rewrite sumr_const -mulr_natl /least; apply: (@scaled_le _ (2%:R * N%:R)); first by rewrite mulr_gt0 ?ltr0n.
  rewrite [X in _ <= X](_ : _ = #|A|%:R); last by field; rewrite gt_eqF.
  apply: le_trans size; have le : Num.min (h ^+ p) m%:R^-1 <= h ^+ p by rewrite le_minl lexx.
  apply: le_trans (ler_wpmul2r (ltW N_pos) le); rewrite le_eqVlt; apply/orP; left; apply/eqP; by field.
move=> /imsetP[g' g'A ->]; apply: le_trans (lip i g' g) _.
have -> : rate LM * h / 2%:R = LM * (Num.sqrt p%:R * h) by rewrite /rate; field.
apply: ler_wpmul2l => //; apply: le_of_sqr; first by rewrite mulr_ge0 ?sqrtr_ge0 ?ltW.
rewrite sqr_norm exprMn sqr_sqrtr ?ler0n // mulr_natl -[X in _ *+ X](card_ord p) -sumr_const.
apply: ler_sum => a _; rewrite !mxE -expr2 -[X in X <= _]real_normK ?num_real //.
by apply: sqr_le (normr_ge0 _) (near g' g'A a).
Qed.

(* two independent views of a sample that is not aligned are far apart with the probability least^2 *)
Lemma far_views i : i \notin aligned_views eps ->
  least ^+ 2 * (eps - rate LM * h) <= \sum_u \sum_v q u * q v * norm (f i u - f i v).
Proof.
rewrite inE negb_forall => /existsP[a]; rewrite negb_forall => /existsP[b]; rewrite -ltNge => far.
have [A [Aq nearA]] := neighbourhood i a; have [B [Bq nearB]] := neighbourhood i b.
have gap0 : 0 <= eps - rate LM * h by rewrite subr_ge0 ltW.
apply: le_trans (_ : (\sum_(u in A) q u) * (\sum_(v in B) q v) * (eps - rate LM * h) <= _).
  by rewrite ler_wpmul2r // expr2; apply: ler_pmul; rewrite ?least_ge0.
rewrite big_distrlr mulr_suml /= [X in _ <= X](bigID (mem A)) /=; apply: ler_paddr.
  by apply: sumr_ge0 => u _; apply: sumr_ge0 => v _; apply/weighted_ge0/norm_ge0.
apply: ler_sum => u uA; rewrite mulr_suml [X in _ <= X](bigID (mem B)) /=; apply: ler_paddr.
  by apply: sumr_ge0 => v _; apply/weighted_ge0/norm_ge0.
apply: ler_sum => v vB; rewrite ler_wpmul2l ?mulr_ge0 ?view_weight_ge0 //.
have t1 := triangle_via (f i u) (f i a) (f i b); have t2 := triangle_via (f i v) (f i u) (f i b).
have n1 := nearA u uA; have n2 := nearB v vB; rewrite normB in n1.
move: (norm (f i a - f i b)) (norm (f i a - f i u)) (norm (f i u - f i b)) (norm (f i u - f i v)) (norm (f i v - f i b))
  far t1 t2 n1 n2 => x y z s t far t1 t2 n1 n2.
have gap_of (w w2 : R) : w <= w2 -> 0 <= w2 - w by rewrite subr_ge0.
move: (gap_of _ _ (ltW far)) (gap_of _ _ t1) (gap_of _ _ t2) (gap_of _ _ n1) (gap_of _ _ n2) => e1 e2 e3 e4 e5.
apply: (certified (addr_ge0 e1 (addr_ge0 e2 (addr_ge0 e3 (addr_ge0 e4 e5))))); by field.
Qed.

(* Jensen: E |f1 - f2| <= sqrt(L_align) *)
Lemma mean_distance : average (fun i => \sum_u \sum_v q u * q v * norm (f i u - f i v)) <= Num.sqrt view_alignment.
Proof.
apply: le_of_sqr; first exact: sqrtr_ge0.
have pos : 0 <= view_alignment.
  by apply: average_ge0 => i; apply: sumr_ge0 => u _; apply: sumr_ge0 => v _; apply/weighted_ge0/sqr_ge0.
rewrite sqr_sqrtr //; apply: le_trans (sqr_average_le _) _; apply: average_le => i.
set D := \sum_u _; have total : \sum_u \sum_v q u * q v = 1.
  by rewrite -(mulr1 1) -[in RHS]view_weights big_distrlr.
have : 0 <= \sum_u \sum_v q u * q v * (norm (f i u - f i v) - D) ^+ 2.
  by apply: sumr_ge0 => u _; apply: sumr_ge0 => v _; apply/weighted_ge0/sqr_ge0.
have expand c : \sum_u \sum_v q u * q v * (norm (f i u - f i v) - c) ^+ 2
    = \sum_u \sum_v q u * q v * norm (f i u - f i v) ^+ 2 - 2%:R * c * (\sum_u \sum_v q u * q v * norm (f i u - f i v))
      + c ^+ 2 * \sum_u \sum_v q u * q v.
  rewrite !mulr_sumr -sumrB -big_split; apply: eq_bigr => u _ /=.
  rewrite !mulr_sumr -sumrB -big_split; apply: eq_bigr => v _ /=.
  by move: (norm _) (q u) (q v) => x y z; ring.
rewrite expand -/D total => ge0; apply: (certified ge0); ring.
Qed.

(* Claim thm-2: at every h with c h < eps, the infimum over h not being taken; a finite grid in place of the cube, and that the
   cube of side h about a parameter has the share h^p of it is a hypothesis *)
Theorem theorem_2_printed :
  misaligned_view_share eps <= printed_objective LM eps h * Num.sqrt view_alignment.
Proof.
have n_pos : 0 < n%:R :> R by rewrite ltr0n.
have gap : 0 < eps - rate LM * h by rewrite subr_gt0.
have mass : misaligned_view_share eps * (least ^+ 2 * (eps - rate LM * h)) <= Num.sqrt view_alignment.
  apply: le_trans mean_distance; rewrite /misaligned_view_share /share /average card_ord.
  rewrite mulrAC [X in X <= _]mulrC ler_pmul2l ?invr_gt0 //.
  rewrite mulr_natl -sumr_const [X in _ <= X](bigID (mem (~: aligned_views eps))) /=.
  apply: ler_paddr; first by apply: sumr_ge0 => i _; apply: sumr_ge0 => u _; apply: sumr_ge0 => v _;
    apply/weighted_ge0/norm_ge0.
  by apply: ler_sum => i; rewrite inE; exact: far_views.
have square : h ^+ (2 * p) = (h ^+ p) ^+ 2 by rewrite mulnC exprM.
have weight : 1 <= printed_objective LM eps h * (least ^+ 2 * (eps - rate LM * h)).
  rewrite /printed_objective square /least.
  have -> : 4%:R * Num.max 1 (m%:R ^+ 2 * (h ^+ p) ^+ 2) / ((h ^+ p) ^+ 2 * (eps - rate LM * h))
      * ((Num.min (h ^+ p) m%:R^-1 / 2%:R) ^+ 2 * (eps - rate LM * h))
    = Num.max 1 (m%:R ^+ 2 * (h ^+ p) ^+ 2) * Num.min (h ^+ p) m%:R^-1 ^+ 2 / (h ^+ p) ^+ 2.
    by move: (Num.max _ _) (Num.min _ _) => x y; field; rewrite !gt_eqF.
  rewrite ler_pdivl_mulr ?exprn_gt0 // mul1r.
  have [le|/ltW le] := leP (h ^+ p) m%:R^-1.
    by rewrite ler_pemull ?sqr_ge0 // le_maxr lexx.
  have ge1 : m%:R ^+ 2 * (h ^+ p) ^+ 2 <= Num.max 1 (m%:R ^+ 2 * (h ^+ p) ^+ 2) by rewrite le_maxr lexx orbT.
  apply: le_trans (ler_wpmul2r (sqr_ge0 _) ge1); rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by field; rewrite gt_eqF.
have R0 : 0 <= misaligned_view_share eps by rewrite divr_ge0 ?ler0n.
have O0 : 0 <= printed_objective LM eps h.
  by rewrite divr_ge0 ?mulr_ge0 ?ler0n ?exprn_ge0 ?(ltW h0) ?(ltW gap) // le_maxr ler01.
apply: le_trans (ler_wpmul2l O0 mass); rewrite mulrCA.
by rewrite ler_pemulr.
Qed.

End Bound.
End Theorem2Printed.
