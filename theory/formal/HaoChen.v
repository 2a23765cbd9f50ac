(* HaoChen et al. 2021: on the graph of views, with the first eigenvectors of the graph as features, a linear probe fails on at
   most the share 2 phi / lambda of the views, where phi is the weight of the edges between classes. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Matrices.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Graph.
Variables (R : rcfType) (N : nat).
Variable w : 'I_N -> 'I_N -> R.      (* w v v': the probability of the views v, v' as a positive pair *)

Definition pair_law : Prop :=
  [/\ forall v v', 0 <= w v v', forall v v', w v v' = w v' v & \sum_v \sum_v' w v v' = 1].

(* w_v, the probability of the view v *)
Definition weight v : R := \sum_v' w v v'.

(* g^T L g for the normalised Laplacian: half the mean squared difference of g along an edge *)
Definition energy (g : 'I_N -> R) : R := 2%:R^-1 * \sum_v \sum_v' w v v' * (g v - g v') ^+ 2.

(* E g h over views *)
Definition product (g h : 'I_N -> R) : R := \sum_v weight v * (g v * h v).

Section Labels.
Variables (K : nat) (label : 'I_N -> 'I_K).

(* phi = P[y(v) != y(v+)] *)
Definition inconsistency : R := \sum_v \sum_v' w v v' * (label v != label v')%:R.

(* the one-hot label, class by class *)
Definition indicator (l : 'I_K) v : R := (label v == l)%:R.

Section Probe.
Variables (k : nat) (F : 'I_N -> 'rV[R]_k) (B : 'M[R]_(k, K)).    (* features of the views, and a head *)

(* E |f(v) B - e_y(v)|^2 *)
Definition residual : R := \sum_v weight v * norm (F v *m B - delta_mx 0 (label v)) ^+ 2.

(* P[argmax_l (f(v) B)_l != y(v)]; a tie counts as an error *)
Definition probe_error : R :=
  \sum_(v | [exists l, (l != label v) && ((F v *m B) 0 (label v) <= (F v *m B) 0 l)]) weight v.

End Probe.
End Labels.

(* the coordinates of F are orthonormal eigenfunctions of the graph, with the eigenvalues lambda a of the Laplacian; on what is
   orthogonal to them the Laplacian is at least gap. So it is for the first k eigenvectors and gap = lambda_(k+1). *)
Definition eigenfeatures (k : nat) (F : 'I_N -> 'rV[R]_k) (lambda : 'I_k -> R) (gap : R) : Prop :=
  [/\ forall a b, product (fun v => F v 0 a) (fun v => F v 0 b) = (a == b)%:R,
      forall a v, \sum_v' w v v' * F v' 0 a = (1 - lambda a) * (weight v * F v 0 a)
    & forall g, (forall a, product g (fun v => F v 0 a) = 0) -> gap * product g g <= energy g].

(* the spectral contrastive loss -2 E f(v).f(v+) + E (f(v).f(v-))^2, and the normalised adjacency matrix *)
Definition spectral_loss (d : nat) (f : 'I_N -> 'rV[R]_d) : R :=
  - 2%:R * (\sum_v \sum_v' w v v' * dot (f v) (f v'))
  + \sum_v \sum_v' weight v * weight v' * dot (f v) (f v') ^+ 2.

Definition normalised_adjacency : 'M[R]_N := \matrix_(v, v') (w v v' / Num.sqrt (weight v * weight v')).

Definition weighted_features (d : nat) (f : 'I_N -> 'rV[R]_d) : 'M[R]_(N, d) := \matrix_(v, a) (Num.sqrt (weight v) * f v 0 a).

(* Claim haochen-factorisation: for a graph whose views all have a positive probability *)
Theorem spectral_loss_factorises (d : nat) (f : 'I_N -> 'rV[R]_d) : (forall v, 0 < weight v) ->
  sqr_frobenius (normalised_adjacency - weighted_features f *m (weighted_features f)^T)
    = spectral_loss f + sqr_frobenius normalised_adjacency.
Proof.
move=> pos; rewrite /spectral_loss /sqr_frobenius mulr_sumr -!big_split; apply: eq_bigr => v _ /=.
rewrite mulr_sumr -!big_split; apply: eq_bigr => v' _ /=.
have -> : (normalised_adjacency - weighted_features f *m (weighted_features f)^T) v v'
        = w v v' / Num.sqrt (weight v * weight v') - Num.sqrt (weight v * weight v') * dot (f v) (f v').
  rewrite !mxE; congr (_ - _); rewrite /dot mulr_sumr; apply: eq_bigr => a _.
  by rewrite !mxE sqrtrM ?ltW // mulrACA.
rewrite mxE; set r := Num.sqrt _.
have r0 : r != 0 by rewrite gt_eqF // sqrtr_gt0 mulr_gt0.
have -> : weight v * weight v' = r ^+ 2 by rewrite sqr_sqrtr // mulr_ge0 // ltW.
by move: (dot _ _) (w v v') => x y; field.
Qed.

Section Bound.
Hypothesis law : pair_law.
Let w0 : forall v v', 0 <= w v v' := let: And3 a _ _ := law in a.
Let wC : forall v v', w v v' = w v' v := let: And3 _ b _ := law in b.
Implicit Types g h : 'I_N -> R.

Lemma weight_ge0 v : 0 <= weight v.
Proof. exact: sumr_ge0. Qed.

Section Head.
Variables (K k : nat) (label : 'I_N -> 'I_K) (F : 'I_N -> 'rV[R]_k) (B : 'M[R]_(k, K)).

Lemma residual_by_class :
  residual label F B = \sum_l \sum_v weight v * ((F v *m B) 0 l - indicator label l v) ^+ 2.
Proof.
rewrite /residual exchange_big; apply: eq_bigr => v _ /=; rewrite -mulr_sumr; congr (_ * _).
rewrite sqr_norm /dot; apply: eq_bigr => l _.
have entry (x y : 'rV[R]_K) c : (x - y) 0 c = x 0 c - y 0 c by rewrite !mxE.
have hot : (delta_mx 0 (label v) : 'rV[R]_K) 0 l = indicator label l v by rewrite mxE eqxx eq_sym.
by rewrite entry hot expr2.
Qed.

(* a wrong view costs at least 1/2 *)
Lemma probe_error_le_residual : probe_error label F B <= 2%:R * residual label F B.
Proof.
rewrite /probe_error /residual mulr_sumr big_mkcond; apply: ler_sum => v _; case: ifP => [/existsP[l /andP[ne wrong]]|_].
  rewrite mulrCA -[X in X <= _]mulr1 ler_wpmul2l ?weight_ge0 //.
  rewrite sqr_norm /dot (bigD1 (label v)) //= (bigD1 l) //= addrA mulrDr.
  have [own other] : (F v *m B - delta_mx 0 (label v)) 0 (label v) = (F v *m B) 0 (label v) - 1
      /\ (F v *m B - delta_mx 0 (label v)) 0 l = (F v *m B) 0 l.
    have entry (x y : 'rV[R]_K) c : (x - y) 0 c = x 0 c - y 0 c by rewrite !mxE.
    have hot c : (delta_mx 0 (label v) : 'rV[R]_K) 0 c = (c == label v)%:R by rewrite mxE eqxx.
    by split; rewrite entry hot ?eqxx ?(negbTE ne) ?subr0.
  rewrite own other; set x := (F v *m B) 0 (label v) in wrong *; set y := (F v *m B) 0 l in wrong *.
  set T := \sum_(_ < K | _) _; have T0 : 0 <= T by apply: sumr_ge0 => c _; rewrite -expr2 sqr_ge0.
  have yx : 0 <= y - x by rewrite subr_ge0.
  apply: (@certified _ ((1 - x - y) ^+ 2 + (y - x) * (2%:R + (y - x)) + 2%:R * T)); last by ring.
  by nonneg.
by rewrite mulr_ge0 ?ler0n // mulr_ge0 ?weight_ge0 ?sqr_ge0.
Qed.

End Head.

(* E g(v) h(v+) *)
Definition along_edges g h : R := \sum_v \sum_v' w v v' * (g v * h v').

Lemma along_edgesC g h : along_edges g h = along_edges h g.
Proof.
rewrite /along_edges exchange_big; apply: eq_bigr => v _; apply: eq_bigr => v' _ /=.
by rewrite wC (mulrC (g _)).
Qed.

Lemma energyE g : energy g = product g g - along_edges g g.
Proof.
have own : \sum_v \sum_v' w v v' * g v ^+ 2 = product g g.
  by apply: eq_bigr => v _; rewrite -mulr_suml expr2.
have other : \sum_v \sum_v' w v v' * g v' ^+ 2 = product g g.
  rewrite exchange_big -own; apply: eq_bigr => v _; apply: eq_bigr => v' _ /=.
  by rewrite wC.
rewrite /energy; have -> : \sum_v \sum_v' w v v' * (g v - g v') ^+ 2
    = \sum_v \sum_v' w v v' * g v ^+ 2 + \sum_v \sum_v' w v v' * g v' ^+ 2 - 2%:R * along_edges g g.
  rewrite /along_edges mulr_sumr -!big_split -sumrB; apply: eq_bigr => v _ /=.
  rewrite mulr_sumr -!big_split -sumrB; apply: eq_bigr => v' _ /=; ring.
by rewrite own other; field.
Qed.

Section Probe.
Variables (K k : nat) (label : 'I_N -> 'I_K) (F : 'I_N -> 'rV[R]_k) (lambda : 'I_k -> R) (gap : R).
Hypotheses (eigen : eigenfeatures F lambda gap) (gap0 : 0 < gap).

Local Notation coordinate a := (fun v => F v 0 a).
Local Notation ind := (indicator label).

(* the head of least residual *)
Definition least_squares_head : 'M[R]_(k, K) := \matrix_(a, l) product (ind l) (coordinate a).
Local Notation B := least_squares_head.

Definition fit l v : R := (F v *m B) 0 l.
Definition rest l v : R := ind l v - fit l v.

Lemma fitE l v : fit l v = \sum_a B a l * F v 0 a.
Proof. by rewrite /fit mxE; apply: eq_bigr => a _; rewrite mulrC. Qed.

Lemma product_fit g l : product g (fit l) = \sum_a B a l * product g (coordinate a).
Proof.
rewrite /product; under [RHS]eq_bigr do rewrite mulr_sumr.
rewrite exchange_big; apply: eq_bigr => v _ /=; rewrite fitE !mulr_sumr.
by apply: eq_bigr => a _; rewrite (mulrCA (g v)) (mulrCA (weight v)).
Qed.

Lemma productC g h : product g h = product h g.
Proof. by apply: eq_bigr => v _; rewrite (mulrC (g v)). Qed.

Lemma rest_orthogonal l a : product (rest l) (coordinate a) = 0.
Proof.
have [orthonormal _ _] := eigen.
have -> : product (rest l) (coordinate a) = product (ind l) (coordinate a) - product (fit l) (coordinate a).
  by rewrite /product -sumrB; apply: eq_bigr => v _; rewrite /rest; ring.
rewrite (productC (fit l)) product_fit (bigD1 a) //= orthonormal eqxx mulr1 big1 ?addr0 => [|b ba].
  by rewrite mxE subrr.
by rewrite orthonormal eq_sym (negbTE ba) mulr0.
Qed.

Lemma along_edges_eigen g a : along_edges g (coordinate a) = (1 - lambda a) * product g (coordinate a).
Proof.
have [_ eig _] := eigen; rewrite /along_edges /product mulr_sumr; apply: eq_bigr => v _.
transitivity (g v * \sum_v' w v v' * F v' 0 a); last by rewrite eig; ring.
by rewrite mulr_sumr; apply: eq_bigr => v' _; rewrite mulrCA.
Qed.

Lemma along_edges_fit g l : along_edges g (fit l) = \sum_a B a l * along_edges g (coordinate a).
Proof.
rewrite /along_edges; under [RHS]eq_bigr do rewrite mulr_sumr.
rewrite [RHS]exchange_big; apply: eq_bigr => v _ /=; under [RHS]eq_bigr do rewrite mulr_sumr.
rewrite [RHS]exchange_big; apply: eq_bigr => v' _ /=; rewrite fitE !mulr_sumr.
by apply: eq_bigr => a _; rewrite (mulrCA (g v)) (mulrCA (w v v')).
Qed.

Lemma energy_split l : energy (ind l) = energy (rest l) + energy (fit l).
Proof.
have zero : product (rest l) (fit l) = 0.
  by rewrite product_fit big1 // => a _; rewrite rest_orthogonal mulr0.
have zero' : along_edges (rest l) (fit l) = 0.
  by rewrite along_edges_fit big1 // => a _; rewrite along_edges_eigen rest_orthogonal !mulr0.
have ownD : product (ind l) (ind l) = product (rest l) (rest l) + 2%:R * product (rest l) (fit l) + product (fit l) (fit l).
  by rewrite /product mulr_sumr -!big_split; apply: eq_bigr => v _ /=; rewrite /rest; ring.
have edgeD : along_edges (ind l) (ind l) = along_edges (rest l) (rest l)
    + (along_edges (rest l) (fit l) + along_edges (fit l) (rest l)) + along_edges (fit l) (fit l).
  rewrite /along_edges -!big_split; apply: eq_bigr => v _ /=; rewrite -!big_split.
  by apply: eq_bigr => v' _ /=; rewrite /rest; ring.
rewrite !energyE ownD edgeD (along_edgesC (fit l)) zero zero'.
by move: (product _ _) (product _ _) (along_edges _ _) (along_edges _ _) => x y z u; ring.
Qed.

Lemma energy_ge0 g : 0 <= energy g.
Proof.
rewrite mulr_ge0 ?invr_ge0 ?ler0n //; apply: sumr_ge0 => v _; apply: sumr_ge0 => v' _.
by rewrite mulr_ge0 ?sqr_ge0.
Qed.

Lemma energy_indicators : \sum_l energy (ind l) = inconsistency label.
Proof.
rewrite /energy -mulr_sumr exchange_big mulr_sumr; apply: eq_bigr => v _.
rewrite exchange_big mulr_sumr; apply: eq_bigr => v' _ /=; rewrite -mulr_sumr mulrCA; congr (_ * _).
have [e|ne] := eqVneq (label v) (label v').
  by rewrite big1 ?mulr0 // => l _; rewrite /indicator e subrr expr0n.
rewrite (bigD1 (label v)) //= (bigD1 (label v')) 1?eq_sym //= /indicator !eqxx (negbTE ne) eq_sym (negbTE ne).
rewrite big1 => [|l /andP[l1 l2]]; first by rewrite subr0 sub0r sqrrN expr1n; field.
by rewrite eq_sym (negbTE l1) eq_sym (negbTE l2) subrr expr0n.
Qed.

Lemma residualE : residual label F B = \sum_l product (rest l) (rest l).
Proof.
rewrite residual_by_class; apply: eq_bigr => l _; apply: eq_bigr => v _; rewrite -[in RHS]expr2 -sqrrN opprB.
by [].
Qed.

(* Claim haochen-probe: `eigenfeatures` is what the spectral theorem provides for the first k eigenvectors, gap their
   lambda_(k+1); on views, each of one class *)
Theorem haochen_residual : residual label F B <= inconsistency label / gap.
Proof.
have [_ _ least] := eigen; rewrite ler_pdivl_mulr // mulrC residualE mulr_sumr -energy_indicators.
apply: ler_sum => l _; apply: le_trans (least _ (rest_orthogonal l)) _.
by rewrite energy_split ler_addl energy_ge0.
Qed.

(* Claim haochen-probe: as haochen_residual *)
Theorem haochen_probe_error : probe_error label F B <= 2%:R * inconsistency label / gap.
Proof.
apply: le_trans (probe_error_le_residual _ _ _) _.
by rewrite -mulrA ler_wpmul2l ?ler0n // haochen_residual.
Qed.

End Probe.

Section AnyFeatures.
Variables (K k : nat) (label : 'I_N -> 'I_K) (F : 'I_N -> 'rV[R]_k).

(* some head b fits every function g of the views to within nu times its energy; the least such nu stands for 1 / lambda_(k+1) *)
Definition fits (nu : R) := forall g : 'I_N -> R,
  exists b : 'cV[R]_k, \sum_v weight v * ((F v *m b) 0 0 - g v) ^+ 2 <= nu * energy g.

(* Claim haochen-probe: any features; that the least nu is the eigenvalue of the claim is not formal *)
Theorem haochen_any_features nu : fits nu ->
  exists B : 'M[R]_(k, K), residual label F B <= nu * inconsistency label /\ probe_error label F B <= 2%:R * (nu * inconsistency label).
Proof.
move=> fit; have [b near] := fin_all_exists (fun l => fit (indicator label l)).
pose B : 'M[R]_(k, K) := \matrix_(a, l) b l a 0; exists B.
have small : residual label F B <= nu * inconsistency label.
  rewrite residual_by_class -(energy_indicators label) mulr_sumr; apply: ler_sum => l _.
  apply: le_trans (near l); rewrite le_eqVlt; apply/orP; left; apply/eqP; apply: eq_bigr => v _.
  congr (_ * (_ - _) ^+ 2); rewrite [LHS]mxE [RHS]mxE; apply: eq_bigr => a _; congr (_ * _).
  by rewrite mxE.
by split=> //; apply: le_trans (probe_error_le_residual label F B) _; rewrite ler_wpmul2l ?ler0n.
Qed.

End AnyFeatures.
End Bound.
End Graph.
