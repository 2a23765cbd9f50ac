(* Saunshi et al. 2022: a contrastive loss depends on how the features of the views of one sample are distributed over the
   samples, not on which sample has which. Where no two samples share a view, the codes can therefore be dealt out among the
   samples without any such loss taking note, while the error moves from 0 to 1 - 1/K for the best head, and to 1 for the
   class means. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* the features of the views of sample i, and those of all samples: the order in the sequence says which sample has which *)
Definition table (R : rcfType) (n m d : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) i : {ffun 'I_m -> 'rV[R]_d} := [ffun j => f i j].
Definition tables (R : rcfType) (n m d : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) := [seq table f i | i <- enum 'I_n].

(* the same features up to which sample has which *)
Definition same_multiset (R : rcfType) (n m d : nat) (f g : 'I_n -> 'I_m -> 'rV[R]_d) : Prop := perm_eq (tables f) (tables g).

(* P[head(f(v)) != y] of a view v of a sample with label y *)
Definition head_error (R : rcfType) (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K)
    (head : 'rV[R]_d -> 'I_K) : R :=
  average (fun i => average (fun j => (head (f i j) != label i)%:R)).

Section Dealing.
Variables (R : rcfType) (n m d : nat).
Variables (f g : 'I_n -> 'I_m -> 'rV[R]_d) (deal : 'I_n -> 'I_n).
Hypotheses (deal_inj : injective deal) (dealt : forall i j, g i j = f (deal i) j).

Lemma average_deal (F : 'I_n -> R) : average (fun i => F (deal i)) = average F.
Proof. by rewrite /average [in RHS](reindex_inj deal_inj). Qed.

Lemma correlation_deal : correlation g = correlation f.
Proof.
apply/matrixP => a b; rewrite !mxE -[RHS]average_deal.
by apply: eq_average => i; apply: eq_average => j; apply: eq_average => j'; rewrite !dealt.
Qed.

(* Claim saunshi: samples exchange their features: no function of the multiset of tables changes, in particular none of these *)
Theorem dealing_keeps_losses :
  [/\ same_multiset g f,
      alignment g = alignment f,
      forall exp log, info_nce g exp log = info_nce f exp log
    & forall lambda, cross_correlation_loss g lambda = cross_correlation_loss f lambda].
Proof.
split.
- have -> : same_multiset g f = perm_eq [seq table f i | i <- [seq deal i | i <- enum 'I_n]] (tables f) :> Prop.
    rewrite /same_multiset -map_comp; congr (is_true (perm_eq _ _)).
    by apply: eq_map => i; apply/ffunP => j; rewrite !ffunE dealt.
  apply: perm_map; apply: uniq_perm; [by rewrite (map_inj_uniq deal_inj) enum_uniq | exact: enum_uniq |] => i.
  rewrite mem_enum; apply/mapP; exists (invF deal_inj i); first by rewrite mem_enum.
  by rewrite f_invF.
- rewrite /alignment -[RHS]average_deal.
  by apply: eq_average => i; apply: eq_average => j; apply: eq_average => j'; rewrite !dealt.
- move=> exp log; rewrite /info_nce /over_triples -[RHS]average_deal; apply: eq_average => i.
  apply: eq_average => j; apply: eq_average => j'; rewrite -[RHS]average_deal.
  by apply: eq_average => i'; apply: eq_average => j''; rewrite !dealt.
by move=> lambda; rewrite /cross_correlation_loss correlation_deal.
Qed.

End Dealing.

(* with disjoint view sets, features that are dealt out are features of an encoder again *)
Section Encoders.
Variables (R : rcfType) (n m d : nat) (input : eqType).
Variables (view : 'I_n -> 'I_m -> input) (encoder : input -> 'rV[R]_d) (deal : 'I_n -> 'I_n).

(* Claim saunshi: all views differ *)
Theorem dealt_features_have_an_encoder :
  (forall i i' j j', view i j = view i' j' -> i = i' /\ j = j') ->
  exists dealt_encoder : input -> 'rV[R]_d, forall i j, dealt_encoder (view i j) = encoder (view (deal i) j).
Proof.
move=> apart.
exists (fun x => if [pick p : 'I_n * 'I_m | view p.1 p.2 == x] is Some p then encoder (view (deal p.1) p.2) else 0) => i j.
case: pickP => [p /eqP /apart [-> ->] //|none].
by have := none (i, j); rewrite /= eqxx.
Qed.

End Encoders.

(* K classes of K samples: grid i = (class of sample i, its rank in the class). The code of a sample is the unit vector of
   its class, or, dealt out, of its rank. *)
Section Family.
Variables (R : rcfType) (K m n : nat).
Variables (grid : 'I_n -> 'I_K * 'I_K) (f f' : 'I_n -> 'I_m -> 'rV[R]_K).
Hypotheses (grid_bij : bijective grid) (K_gt1 : (1 < K)%N) (m_gt0 : (0 < m)%N).

Definition code (k : 'I_K) : 'rV[R]_K := delta_mx 0 k.
Hypotheses (by_class : forall i j, f i j = code (grid i).1) (by_rank : forall i j, f' i j = code (grid i).2).
Definition grid_label (i : 'I_n) : 'I_K := (grid i).1.

Local Notation label := grid_label.
Let K_pos : 0 < K%:R :> R. Proof. by rewrite ltr0n ltnW. Qed.
Let m_pos : 0 < m%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma dot_codes k l : dot (code k) (code l) = (k == l)%:R.
Proof.
rewrite /dot (bigD1 k) //= !mxE !eqxx mul1r big1 ?addr0 // => a ak.
by rewrite !mxE (negbTE ak) /= mul0r.
Qed.

Lemma norm_code k : norm (code k) = 1.
Proof. by rewrite /norm dot_codes eqxx sqrtr1. Qed.

Lemma sum_grid (V : zmodType) (F : 'I_K * 'I_K -> V) : \sum_i F (grid i) = \sum_l \sum_k F (l, k).
Proof.
rewrite pair_big (reindex grid) /=; last exact: onW_bij.
by apply: eq_bigr => i _; case: (grid i).
Qed.

Lemma grid_size : n = (K * K)%N.
Proof. by have := bij_eq_card grid_bij; rewrite card_ord card_prod card_ord. Qed.

Lemma class_sum (V : zmodType) (F : 'I_K * 'I_K -> V) l : \sum_(i in class label l) F (grid i) = \sum_k F (l, k).
Proof.
rewrite big_mkcond (eq_bigr (fun i => if (grid i).1 == l then F (grid i) else 0)) => [|i _]; last by rewrite inE.
rewrite (sum_grid (fun p => if p.1 == l then F p else 0)) (bigD1 l) //= [X in _ + X]big1 ?addr0 => [|l' l'l].
  by apply: eq_bigr => k _; rewrite eqxx.
by apply: big1 => k _; rewrite (negbTE l'l).
Qed.

Lemma class_size l : #|class label l|%:R = K%:R :> R.
Proof. by rewrite -sumr_const (class_sum (fun=> 1 : R)) sumr_const card_ord. Qed.

(* the mean of a class whose samples have the codes c *)
Lemma mean_of_codes (h : 'I_n -> 'I_m -> 'rV[R]_K) (c : 'I_K * 'I_K -> 'I_K) l :
  (forall i j, h i j = code (c (grid i))) -> class_mean h label l = K%:R^-1 *: \sum_k code (c (l, k)).
Proof.
move=> codes; rewrite /class_mean natrM class_size.
have -> : \sum_(i in class label l) \sum_j h i j = \sum_(i in class label l) (m%:R *: code (c (grid i))).
  by apply: eq_bigr => i _; rewrite (eq_bigr _ (fun j _ => codes i j)) sumr_const card_ord scaler_nat.
rewrite (class_sum (fun p => m%:R *: code (c p))) -scaler_sumr scalerA; congr (_ *: _).
by field; rewrite !gt_eqF.
Qed.

Lemma mean_by_class l : class_mean f label l = code l.
Proof.
rewrite (mean_of_codes (c := fun p => p.1)) //= sumr_const card_ord -scaler_nat scalerA mulVf ?scale1r //.
by rewrite gt_eqF.
Qed.

Lemma error_by_class original : nearest_mean_error f label original = 0.
Proof.
rewrite /nearest_mean_error /share (_ : misclassified _ _ _ = set0) ?cards0 ?mul0r //.
apply/setP => i; rewrite !inE; apply/existsP => -[k /andP[ne]].
rewrite /taken_for !mean_by_class by_class subrr norm0 => le.
have n0 : norm (code (grid i).1 - code k) = 0 by apply/eqP; rewrite eq_le le norm_ge0.
have := sqr_norm (code (grid i).1 - code k); rewrite n0 expr0n => /esym /dot_eq0 /(congr1 (dot (code k))).
rewrite dot0r !dotE !dot_codes eqxx (negbTE ne) sub0r => /eqP.
by rewrite oppr_eq0 oner_eq0.
Qed.

Lemma error_by_rank original : nearest_mean_error f' label original = 1.
Proof.
rewrite /nearest_mean_error /share (_ : misclassified _ _ _ = setT); last first.
  apply/setP => i; rewrite !inE; apply/existsP.
  have [k ne] : exists k, k != label i.
    exists (if label i == Ordinal (ltnW K_gt1) then Ordinal K_gt1 else Ordinal (ltnW K_gt1)).
    by case: ifP => [/eqP -> //|/negbT]; rewrite eq_sym.
  by exists k; rewrite ne /taken_for !(mean_of_codes (c := fun p => p.2)) //= lexx.
by rewrite cardsT card_ord divff // grid_size natrM mulf_neq0 ?gt_eqF.
Qed.

(* every code is once in every class, so a head is right on one sample in K *)
Lemma head_error_by_rank head : head_error f' label head = 1 - K%:R^-1.
Proof.
rewrite /head_error.
transitivity (average (fun i : 'I_n => 1 + - (head (code (grid i).2) == (grid i).1)%:R : R)).
  apply: eq_average => i; rewrite -[RHS](@average_const _ [finType of 'I_m]) ?card_ord //; apply: eq_average => j.
  by rewrite by_rank /grid_label; case: eqP; rewrite /= ?subrr ?subr0.
have n_gt0 : (0 < n)%N by rewrite grid_size muln_gt0 (ltnW K_gt1).
rewrite averageD average_const ?card_ord // averageN /average card_ord; congr (_ - _).
rewrite (sum_grid (fun p => (head (code p.2) == p.1)%:R)) /= exchange_big /=.
rewrite (eq_bigr (fun=> 1)) => [|k _]; last first.
  rewrite (bigD1 (head (code k))) //= eqxx big1 ?addr0 // => l ne.
  by rewrite eq_sym (negbTE ne).
by rewrite sumr_const card_ord grid_size natrM; field; rewrite gt_eqF.
Qed.

End Family.

Section DisjointViews.
Variables (R : rcfType) (K m : nat).
Hypotheses (K_gt1 : (1 < K)%N) (m_gt0 : (0 < m)%N).

Lemma square_grid : {grid : 'I_(K * K) -> 'I_K * 'I_K | bijective grid}.
Proof.
have size : (K * K)%N = #|{: 'I_K * 'I_K}| by rewrite card_prod card_ord.
exists (enum_val \o cast_ord size); apply: bij_comp; first exact: enum_val_bij.
by exists (cast_ord (esym size)); [exact: cast_ordK | exact: cast_ordKV].
Qed.

(* K^2 samples with disjoint view sets, K in each class: two encoders that no contrastive loss tells apart *)
(* Claim saunshi: exactly 1 - 1/K for every head, and Err = 1 for the class means, for every K and any disjoint views *)
Theorem disjoint_views_losses_see_no_classes (input : eqType) (view : 'I_(K * K) -> 'I_m -> input) :
  (forall i i' j j', view i j = view i' j' -> i = i') ->
  exists (label : 'I_(K * K) -> 'I_K) (encoder dealt_encoder : input -> 'rV[R]_K),
  let f := features view encoder in let f' := features view dealt_encoder in
  [/\ unit_features f /\ unit_features f',
      forall l, #|class label l| = K,
      [/\ same_multiset f' f, alignment f' = alignment f,
          forall exp log, info_nce f' exp log = info_nce f exp log
        & forall lambda, cross_correlation_loss f' lambda = cross_correlation_loss f lambda],
      forall original, nearest_mean_error f label original = 0 /\ nearest_mean_error f' label original = 1
    & forall head, head_error f' label head = 1 - K%:R^-1].
Proof.
move=> apart; have [grid grid_bij] := square_grid.
pose encode (c : 'I_K * 'I_K -> 'I_K) (x : input) : 'rV[R]_K :=
  if [pick p : 'I_(K * K) * 'I_m | view p.1 p.2 == x] is Some p then code R (c (grid p.1)) else 0.
have encodes c i j : encode c (view i j) = code R (c (grid i)).
  by rewrite /encode; case: pickP => [p /eqP /apart <- //|none]; have := none (i, j); rewrite /= eqxx.
exists (grid_label grid), (encode (fun p => p.1)), (encode (fun p => p.2)) => f f'.
have own : forall i j, f i j = code R (grid i).1 := encodes (fun p => p.1).
have other : forall i j, f' i j = code R (grid i).2 := encodes (fun p => p.2).
have [degrid gridK degridK] := grid_bij.
pose swap (p : 'I_K * 'I_K) := (p.2, p.1).
have deal_inj : injective (degrid \o swap \o grid).
  apply: (@can_inj _ _ _ (degrid \o swap \o grid)) => i /=.
  by rewrite degridK; case E : (grid i) => [a b]; rewrite /swap /= -E gridK.
split.
- by split=> i j; rewrite ?own ?other norm_code.
- by move=> l; apply/eqP; rewrite -(eqr_nat R) class_size.
- by apply: dealing_keeps_losses deal_inj _ => i j; rewrite own other /= degridK.
- by move=> original; split; [apply: error_by_class | apply: error_by_rank].
by move=> head; apply: head_error_by_rank.
Qed.

End DisjointViews.
