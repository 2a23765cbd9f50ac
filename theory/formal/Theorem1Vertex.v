(* Theorem 1 for features that are vertices, points D apart of each other (a regular simplex): alpha_l + alpha_k > 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Theorem1PerClass Theorem1Anchor.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem1Vertex.
Variables (R : rcfType) (n m d K J : nat).
Variable vertex : 'I_J -> 'rV[R]_d.
Variable place : 'I_n -> 'I_m -> 'I_J.     (* at which vertex view j of sample i lies *)
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Variable anchor : 'I_K -> 'I_J.            (* pi(l) *)
Variables (D : R) (alpha : 'I_K -> R).
Hypothesis n_gt0 : (0 < n)%N.

Definition vertex_features i j : 'rV[R]_d := vertex (place i j).
Local Notation f := vertex_features.
Local Notation mean := (class_mean f label).

(* the samples of class l all of whose views lie at its vertex *)
Definition at_anchor l : {set 'I_n} := [set i in class label l | [forall j, place i j == anchor l]].

Definition equidistant := forall a b, a != b -> norm (vertex a - vertex b) = D.

Section Distances.
Hypotheses (apart : equidistant) (D_gt0 : 0 < D).
Hypothesis inhabited : forall l, class label l != set0.
Hypothesis alpha_le : forall l, alpha l * #|class label l|%:R <= #|at_anchor l|%:R.

Let m_pos : 0 < m%:R :> R.
Proof. by rewrite ltr0n; exact: leq_ltn_trans (ltn_ord (original (Ordinal n_gt0))). Qed.
Let c_pos l : 0 < #|class label l|%:R :> R.
Proof. by rewrite ltr0n card_gt0. Qed.

Lemma at_anchor_sub l : at_anchor l \subset class label l.
Proof. by apply/subsetP => i; rewrite inE => /andP[]. Qed.

Lemma distance_le a b : norm (vertex a - vertex b) <= D.
Proof. by have [->|/apart ->//] := eqVneq a b; rewrite subrr norm0 ltW. Qed.

(* a mean less a point is the mean of the differences *)
Lemma mean_minus l u : mean l - u = (#|class label l| * m)%:R^-1 *: \sum_(i in class label l) \sum_j (f i j - u).
Proof.
have whole : \sum_(i in class label l) \sum_(j < m) u = (#|class label l| * m)%:R *: u.
  by rewrite sumr_const sumr_const card_ord -mulrnA mulnC scaler_nat.
rewrite (eq_bigr (fun i => \sum_j f i j - \sum_(j < m) u)) => [|i _]; last by rewrite sumrB.
rewrite sumrB whole scalerBr scalerA mulVf ?scale1r // natrM mulf_neq0 ?gt_eqF //.
Qed.

Lemma own_distance l : norm (mean l - vertex (anchor l)) <= (1 - alpha l) * D.
Proof.
rewrite mean_minus normZ ger0_norm ?invr_ge0 ?ler0n // natrM ler_pdivr_mull ?mulr_gt0 //.
set u := vertex _; pose far i : R := if i \in at_anchor l then 0 else D.
apply: le_trans (norm_sum_le _ _) _.
apply: le_trans (_ : \sum_(i in class label l) m%:R * far i <= _).
  apply: ler_sum => i _; apply: le_trans (norm_sum_le _ _) _.
  rewrite mulr_natl -[X in _ *+ X](card_ord m) -sumr_const; apply: ler_sum => j _.
  rewrite /far inE; case: ifP => [/andP[_ /forallP/(_ j)/eqP at_j]|_]; last exact: distance_le.
  by rewrite /vertex_features at_j subrr norm0.
rewrite -mulr_sumr (big_setID (at_anchor l)) /= (setIidPr (at_anchor_sub l)) big1 => [|i il]; last first.
  by rewrite /far il.
rewrite (eq_bigr (fun=> D)) => [|i]; last by rewrite in_setD /far => /andP[/negbTE ->].
rewrite add0r sumr_const cardsD (setIidPr (at_anchor_sub l)) -[D *+ _]mulr_natl natrB ?subset_leq_card ?at_anchor_sub //.
rewrite -subr_ge0.
have := alpha_le l; move: (#|class label l|%:R) (#|at_anchor l|%:R) (alpha l) => c g a; rewrite -subr_ge0 => le.
apply: (@certified _ (m%:R * D * (g - a * c))) => [|]; last by ring.
by rewrite !mulr_ge0 // ?ltW.
Qed.

(* along the way from one vertex to another no vertex lies behind the first *)
Lemma along a b c : b != c -> 0 <= dot (vertex a - vertex c) (vertex b - vertex c).
Proof.
move=> bc; apply: (@scaled _ 2%:R _ (norm (vertex a - vertex c) ^+ 2 + (D ^+ 2 - norm (vertex a - vertex b) ^+ 2))).
- by rewrite ltr0n.
- by rewrite addr_ge0 ?sqr_ge0 // subr_ge0 sqr_le ?norm_ge0 // distance_le.
- rewrite -(apart bc) !sqr_norm !dotE (dotC (vertex c)) (dotC (vertex c)) (dotC (vertex b) (vertex a)).
  by move: (dot _ _) => ?; ring.
Qed.

Lemma rival_distance k c : anchor k != c -> alpha k * D <= norm (mean k - vertex c).
Proof.
move=> kc; set u := vertex c; set w := vertex (anchor k) - u.
have w_norm : norm w = D by exact: apart.
apply: (@scaled_le _ D) => //; apply: le_trans (_ : dot (mean k - u) w <= _); last first.
  by rewrite mulrC -w_norm dot_le.
rewrite mean_minus dotZl natrM ler_pdivl_mull ?mulr_gt0 // (dotC _ w) dot_sumr.
apply: le_trans (_ : \sum_(i in at_anchor k) m%:R * D ^+ 2 <= _).
  have -> : \sum_(i in at_anchor k) m%:R * D ^+ 2 = #|at_anchor k|%:R * (m%:R * D ^+ 2) :> R.
    by rewrite sumr_const [RHS]mulr_natl.
  have := alpha_le k.
  move: (#|class label k|%:R) (#|at_anchor k|%:R) (alpha k) => x g a; rewrite -subr_ge0 => le.
  apply: (@certified _ (m%:R * D ^+ 2 * (g - a * x))) => [|]; last by ring.
  by rewrite !mulr_ge0 ?exprn_ge0 // ?ltW.
rewrite [X in _ <= X](big_setID (at_anchor k)) /= (setIidPr (at_anchor_sub k)) -[X in X <= _]addr0 ler_add //.
  apply: ler_sum => i; rewrite inE => /andP[_ /forallP at_k].
  rewrite dot_sumr (eq_bigr (fun=> D ^+ 2)) => [|j _]; first by rewrite sumr_const card_ord mulr_natl.
  by rewrite /vertex_features (eqP (at_k j)) -sqr_norm w_norm.
by apply: sumr_ge0 => i _; rewrite dot_sumr; apply: sumr_ge0 => j _; rewrite dotC along.
Qed.

End Distances.

(* Claim thm-1-vertex: any points D apart of each other, of any norms *)
Theorem theorem_1_vertex (met : pred 'I_K) :
  equidistant -> 0 < D -> (forall l, class label l != set0) ->
  (forall l, alpha l * #|class label l|%:R <= #|at_anchor l|%:R) ->
  (forall l k, met l -> k != l -> anchor k != anchor l /\ 1 < alpha l + alpha k) ->
  nearest_mean_error f label original <= 1 - \sum_(l | met l) share R (at_anchor l).
Proof.
move=> apart D_gt0 inhabited alpha_le condition.
apply: le_trans (per_class (met := met) at_anchor_sub _) _ => [l i ml|]; last first.
  rewrite -(@sum_class_shares R n K label n_gt0) (bigID met) [X in _ <= X - _](bigID met) /=.
  rewrite (eq_bigr (fun l => class_share R label l - share R (at_anchor l))) => [|l -> //].
  rewrite sumrB [X in _ + X <= _](eq_bigr (fun l => class_share R label l)) => [|l /negbTE -> //].
  by rewrite addrAC.
rewrite !inE => /andP[/eqP label_i /forallP at_l]; rewrite negb_exists; apply/forallP => k.
apply/negP; rewrite /taken_for label_i => /andP[kl]; apply/negP; rewrite -ltNge.
have [anchors_differ above_one] := condition _ _ ml kl.
rewrite /vertex_features (eqP (at_l (original i))) !(normB (vertex _)).
apply: le_lt_trans (own_distance apart D_gt0 inhabited alpha_le l) _.
apply: lt_le_trans (rival_distance apart D_gt0 inhabited alpha_le anchors_differ).
by rewrite ltr_pmul2r // ltr_subl_addl.
Qed.

End Theorem1Vertex.
