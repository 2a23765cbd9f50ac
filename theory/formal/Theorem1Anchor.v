(* Theorem 1 anchored: the samples of class l whose views all lie within t_l of a known point a_l stand for the main
   part and S_eps. Features of any norm; the norm 1 enters only where the mean itself is located (mean_near_anchor). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ClassMeans Lemma31 MainParts Lemma32 Theorem1PerClass.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma regroup (R : rcfType) (d : nat) (x y z : 'rV[R]_d) (alpha beta c : R) : c * beta = alpha ->
  x + y - alpha *: z = c *: (x - beta *: z) + ((1 - c) *: x + y).
Proof. by move=> <-; apply/rowP => i; rewrite !mxE; move: (x 0 i) (y 0 i) (z 0 i) => u v w; ring. Qed.

Section Theorem1Anchor.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Variables (a : 'I_K -> 'rV[R]_d) (t : 'I_K -> R).
Local Notation mean := (class_mean f label).

Definition anchored l : {set 'I_n} := [set i in class label l | [forall j, norm (f i j - a l) <= t l]].

Local Notation conclusion := (nearest_mean_error f label original <= 1 - \sum_l share R (anchored l)).

Lemma anchored_sub l : anchored l \subset class label l.
Proof. by apply/subsetP => i; rewrite inE => /andP[]. Qed.

Lemma sum_class_shares : \sum_l class_share R label l = 1.
Proof.
rewrite /class_share /share -mulr_suml -natr_sum.
have -> : (\sum_l #|class label l| = n)%N.
  rewrite -[RHS](card_ord n) -sum1_card (partition_big label xpredT) //=.
  by apply: eq_bigr => l _; rewrite -sum1_card; apply: eq_bigl => i; rewrite inE.
by apply: divff; rewrite pnatr_eq0 -lt0n.
Qed.

Lemma anchored_error : (forall l k i, i \in anchored l -> k != l ->
    norm (f i (original i) - mean l) < norm (f i (original i) - mean k)) -> conclusion.
Proof.
move=> nearer; apply: le_trans (per_class (met := xpredT) anchored_sub _) _ => [l i _ il|]; last first.
  by rewrite sumrB sum_class_shares.
have label_i : label i = l by have := subsetP (anchored_sub l) i il; rewrite inE => /eqP.
rewrite inE negb_exists; apply/forallP => k; apply/negP; rewrite /taken_for label_i => /andP[kl].
by rewrite leNgt nearer.
Qed.

(* the ball B(a_l, t_l) lies within the cell of mu_l *)
(* Claim thm-1-anchor: features of any norm; that no weaker condition will do is not formal *)
Theorem theorem_1_anchor :
  (forall l k, k != l ->
    t l * norm (mean l - mean k) < (norm (a l - mean k) ^+ 2 - norm (a l - mean l) ^+ 2) / 2%:R) ->
  conclusion.
Proof.
move=> inside; apply: anchored_error => l k i; rewrite inE => /andP[_ /forallP/(_ (original i)) near] kl.
set u := f i _ in near *; set p := mean l; set q := mean k.
have expansion : norm (u - q) ^+ 2 - norm (u - p) ^+ 2
    = norm (a l - q) ^+ 2 - norm (a l - p) ^+ 2 + 2%:R * dot (u - a l) (p - q).
  by rewrite !sqr_normB !dotE; ring.
have cross : - (t l * norm (p - q)) <= dot (u - a l) (p - q).
  apply: le_trans (dot_geN _ _); rewrite ler_opp2 ler_wpmul2r ?norm_ge0 //.
have : 0 < norm (u - q) ^+ 2 - norm (u - p) ^+ 2.
  have := inside l k kl; rewrite -/p -/q ltr_pdivl_mulr ?ltr0n // -subr_gt0 => margin.
  rewrite expansion; apply: lt_le_trans margin _.
  apply: (@certified _ (2%:R * (dot (u - a l) (p - q) + t l * norm (p - q)))); last ring.
  by rewrite mulr_ge0 ?ler0n // -[X in _ + X]opprK subr_ge0.
by rewrite subr_gt0 ltr_pexpn2r // nnegrE norm_ge0.
Qed.

(* the means are known only up to bounds on their distances from a_l *)
(* Claim thm-1-anchor-bounds: features of any norm *)
Theorem theorem_1_anchor_bounds (U : 'I_K -> R) (L : 'I_K -> 'I_K -> R) :
  (forall l, norm (a l - mean l) <= U l) -> (forall l k, k != l -> L l k <= norm (a l - mean k)) ->
  (forall l k, k != l -> U l + 2%:R * t l < L l k) -> conclusion.
Proof.
move=> upper lower apart; apply: anchored_error => l k i; rewrite inE => /andP[_ /forallP/(_ (original i)) near] kl.
set u := f i _ in near *.
have own : norm (u - mean l) <= t l + U l.
  by apply: le_trans (triangle_via (a l) _ _) (ler_add near (upper l)).
have rival : norm (a l - mean k) <= t l + norm (u - mean k).
  by apply: le_trans (triangle_via u _ _) _; rewrite (normB (a l)) ler_add2r.
apply: le_lt_trans own _; rewrite -(ltr_add2l (t l)); apply: lt_le_trans rival.
have -> : t l + (t l + U l) = U l + 2%:R * t l by ring.
exact: lt_le_trans (apart l k kl) (lower l k kl).
Qed.

(* what (sigma, delta) and S_eps have to do with it: t_l = delta / 2 + eps will do *)
(* Claim thm-1-anchor *)
Theorem anchored_views l i half eps :
  (exists j, norm (f i j - a l) <= half) -> i \in aligned f eps -> forall j, norm (f i j - a l) <= half + eps.
Proof.
move=> [j near]; rewrite inE => /forallP aligned_i j'.
apply: le_trans (triangle_via (f i j) _ _) _; rewrite [X in _ <= X]addrC ler_add //.
exact: (forallP (aligned_i j')).
Qed.

(* where the norm of the features is 1: alpha is any number up to the share of class l that is anchored *)
(* Claim thm-1-anchor-bounds *)
Theorem mean_near_anchor l alpha : unit_features f -> (0 < m)%N -> class label l != set0 ->
  0 <= alpha -> alpha * #|class label l|%:R <= #|anchored l|%:R ->
  norm (mean l - alpha *: a l) <= alpha * t l + (1 - alpha).
Proof.
move=> unit_f m_gt0; rewrite -card_gt0 => c_gt0 alpha0 le.
have c_pos : 0 < #|class label l|%:R :> R by rewrite ltr0n.
set G := anchored l; have sub : G \subset class label l := anchored_sub l.
pose beta : R := #|G|%:R / #|class label l|%:R.
have ab : alpha <= beta by rewrite ler_pdivl_mulr.
have far : norm (far_part f label l G) <= 1 - beta := norm_far_part unit_f m_gt0 sub c_gt0.
have short : norm (near_part f label l G) <= beta := norm_near_part unit_f m_gt0 G c_gt0.
rewrite (mean_parts f sub).
have [b0|b_neq0] := eqVneq beta 0.
  have -> : alpha = 0 by apply/eqP; rewrite eq_le alpha0 -b0 ab.
  rewrite scale0r subr0 mul0r add0r subr0; apply: le_trans (triangle _ _) _.
  by apply: le_trans (ler_add short far) _; rewrite addrC subrK.
have b_gt0 : 0 < beta by rewrite lt_def b_neq0 (le_trans alpha0).
have near : norm (near_part f label l G - beta *: a l) <= beta * t l.
  apply: near_shift => // i j; rewrite inE => /andP[_ /forallP]; exact.
pose c : R := alpha / beta; have c0 : 0 <= c by rewrite divr_ge0 // ltW.
have c1 : 0 <= 1 - c by rewrite subr_ge0 ler_pdivr_mulr // mul1r.
have cb : c * beta = alpha by rewrite divfK.
move: (near_part f label l G) (far_part f label l G) near short far => x y near short far.
rewrite (regroup _ _ _ cb).
apply: le_trans (triangle _ _) _; apply: le_trans (ler_add (lexx _) (triangle _ _)) _.
rewrite !normZ !ger0_norm //.
apply: le_trans (ler_add (ler_wpmul2l c0 near) (ler_add (ler_wpmul2l c1 short) far)) _.
rewrite -cb le_eqVlt; apply/orP; left; apply/eqP; move: (c) (beta) (t l) => c' b' t'; ring.
Qed.

End Theorem1Anchor.
