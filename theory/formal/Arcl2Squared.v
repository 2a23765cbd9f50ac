(* Refuted: Theorem 2 of ArCL with L_AR, the mean SQUARED view diameter, in the place of the diameter. One sample
   with target 1 and features 1 and 5/4 breaks it: both best heads fit exactly, the loss on the other domain is 1/5,
   the bound 9/80. For every value of L_AR below 1 another world, of two samples, breaks it too. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting RobustAlignment Arcl2 Lemma32Step.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Arcl2Squared.
Variable R : rcfType.

Definition pair_features (i : 'I_1) (a : 'I_2) : 'rV[R]_1 := const_mx (if a == ord0 then 1 else 5%:R / 4%:R).
Definition absolute_loss (z : 'rV[R]_1) (y : R) : R := `|z 0 0 - y|.
Definition no_intercept (h : head R 1 1) : Prop := h.2 = 0.
Definition scaling (w : R) : head R 1 1 := (const_mx w, 0).

Local Notation f := pair_features.
Local Notation risk := (risk f (fun _ => 1 : R) absolute_loss).

Lemma scaling_risk w a : risk (scaling w) a = `|(if a == ord0 then 1 else 5%:R / 4%:R) * w - 1|.
Proof.
rewrite /Arcl2.risk /average card_ord big_ord1 invr1 mul1r /absolute_loss /apply /=.
by rewrite addr0 mxE big_ord1 !mxE.
Qed.

Lemma scaling_norm w N : `|w| = N -> norm_bound (scaling w) N.
Proof.
move=> <-; split=> // u; have -> : u *m const_mx w = w *: u.
  by apply/rowP => a; rewrite !mxE big_ord1 !mxE !ord1 mulrC.
by rewrite normZ.
Qed.

Lemma absolute_lipschitz : lipschitz_loss absolute_loss 1.
Proof.
move=> z z' t; rewrite mul1r /absolute_loss; apply: le_trans (ler_dist_dist _ _) _.
by rewrite opprB addrA subrK /norm /dot big_ord1 -expr2 sqrtr_sqr !mxE.
Qed.

Lemma fits_best w a : (if a == ord0 then 1 else 5%:R / 4%:R) * w = 1 ->
  best f (fun _ => 1 : R) absolute_loss no_intercept (scaling w) a.
Proof.
move=> fits; split=> // h' _; rewrite scaling_risk fits subrr normr0.
by apply: average_ge0 => i; apply: normr_ge0.
Qed.

Lemma pair_alignment : robust_alignment f = 16%:R^-1.
Proof.
rewrite /robust_alignment /average card_ord big_ord1 invr1 mul1r.
suff -> : view_diameter f ord0 = 4%:R^-1 by field.
have far : `|1 - 5%:R / 4%:R : R| = 4%:R^-1.
  by rewrite (_ : 1 - 5%:R / 4%:R = - 4%:R^-1) ?normrN ?ger0_norm ?invr_ge0 ?ler0n //; field.
apply/eqP; rewrite eq_le; apply/andP; split.
  apply: view_diameter_le => [|a b]; first by rewrite invr_ge0 ler0n.
  rewrite subr_line norm_line; case: (a == ord0); case: (b == ord0).
  - by rewrite subrr normr0 invr_ge0 ler0n.
  - by rewrite far.
  - by rewrite distrC far.
  by rewrite subrr normr0 invr_ge0 ler0n.
by have := view_diameter_ge f ord0 ord0 ord_max; rewrite subr_line norm_line /= far.
Qed.

(* Claim arcl-2-squared: one sample with features 1 and 5/4: 1/5 > 9/80 *)
Theorem arcl_2_squared_fails :
  exists (n m d : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (y : 'I_n -> R) (loss : 'rV[R]_1 -> R -> R) (heads : head R d 1 -> Prop)
    (hA hB : head R d 1) (a b : 'I_m) (NA NB : R),
  [/\ lipschitz_loss loss 1, best f y loss heads hA a /\ best f y loss heads hB b,
      norm_bound hA NA, norm_bound hB NB
    & 1 * (NA + NB) * robust_alignment f < Arcl2.risk f y loss hB a - Arcl2.risk f y loss hA a].
Proof.
exists 1%N, 2%N, 1%N, f, (fun _ => 1), absolute_loss, no_intercept, (scaling 1), (scaling (4%:R / 5%:R)), ord0, ord_max, 1.
exists (4%:R / 5%:R); split.
- exact: absolute_lipschitz.
- by split; apply: fits_best; rewrite /= ?mulr1 //; field.
- by apply: scaling_norm; rewrite normr1.
- by apply: scaling_norm; rewrite ger0_norm ?divr_ge0 ?ler0n.
rewrite !scaling_risk pair_alignment /= !mul1r subrr normr0 subr0.
have -> : 4%:R / 5%:R - 1 = - 5%:R^-1 :> R by field.
rewrite normrN ger0_norm ?invr_ge0 ?ler0n //.
rewrite -subr_gt0 (_ : _ - _ = 7%:R / 80%:R); last by field.
by rewrite divr_gt0 ?ltr0n.
Qed.

End Arcl2Squared.

Section Arcl2Range.
Variables (R : rcfType) (D : R).
Hypotheses (D0 : 0 < D) (D1 : D < 1).

Let u : R := (D + D ^+ 2) / 2%:R.           (* A moves the features apart by u, B by v, in opposite directions *)
Let v : R := (D - D ^+ 2) / 2%:R.

(* target -1: features 1 - u and 1 + v; target 1: features 1 + u and 1 - v *)
Definition opposed_features (i a : 'I_2) : 'rV[R]_1 :=
  const_mx (if i == ord0 then if a == ord0 then 1 - u else 1 + v else if a == ord0 then 1 + u else 1 - v).
Definition opposed_target (i : 'I_2) : R := if i == ord0 then -1 else 1.

Local Notation f := opposed_features.
Local Notation y := opposed_target.
Local Notation risk := (Arcl2.risk f y (@absolute_loss R)).

Lemma D_square : D ^+ 2 < D.
Proof. by rewrite expr2 -[X in _ < X]mulr1 ltr_pmul2l. Qed.

Lemma u_gt0 : 0 < u.
Proof. by rewrite divr_gt0 ?ltr0n ?addr_gt0 ?exprn_gt0. Qed.

Lemma v_gt0 : 0 < v.
Proof. by rewrite divr_gt0 ?ltr0n // subr_gt0 D_square. Qed.

Lemma uv : u + v = D.
Proof. by rewrite /u /v; field. Qed.

Lemma head_risk_opposed (h : head R 1 1) a : no_intercept h ->
  risk h a = (if a == ord0 then `|(1 - u) * h.1 0 0 + 1| + `|(1 + u) * h.1 0 0 - 1|
              else `|(1 + v) * h.1 0 0 + 1| + `|(1 - v) * h.1 0 0 - 1|) / 2%:R.
Proof.
rewrite /no_intercept /Arcl2.risk /average card_ord !big_ord_recl big_ord0 addr0 mulrC /absolute_loss /apply => ->.
by rewrite !addr0 !mxE !big_ord1 !mxE /opposed_target /= opprK; case: (a == ord0).
Qed.

(* the least risk of one coefficient on two samples: the nearer one of the two gives way *)
Lemma least_two (w s t : R) : 0 < s -> 0 <= t -> t <= s -> t / s + 1 <= `|t * w + 1| + `|s * w - 1|.
Proof.
move=> s0 t0 ts; set x := s * w - 1.
have ratio1 : t / s <= 1 by rewrite ler_pdivr_mulr // mul1r.
have -> : t * w + 1 = t / s + 1 + x * (t / s) by rewrite /x; field; rewrite gt_eqF.
have fall : - (x * (t / s)) <= `|x|.
  rewrite -mulNr; apply: le_trans (_ : `|x| * (t / s) <= _).
    by apply: ler_wpmul2r; [rewrite divr_ge0 // ltW | rewrite -normrN ler_norm].
  by rewrite -[X in _ <= X]mulr1 ler_wpmul2l.
apply: le_trans (ler_add (ler_norm _) fall); by rewrite addrK.
Qed.

Let wA : R := (1 + u)^-1.
Let wB : R := - (1 + v)^-1.

Lemma one_u : 0 < 1 + u. Proof. exact: addr_gt0 ltr01 u_gt0. Qed.
Lemma one_v : 0 < 1 + v. Proof. exact: addr_gt0 ltr01 v_gt0. Qed.
Lemma u_le1 : u <= 1.
Proof. by apply: ltW; apply: lt_trans D1; rewrite -uv ltr_addl v_gt0. Qed.
Lemma v_le1 : v <= 1.
Proof. by apply: ltW; apply: lt_trans D1; rewrite -uv ltr_addr u_gt0. Qed.

Lemma opposed_best_A : best f y (@absolute_loss R) (@no_intercept R) (scaling wA) ord0.
Proof.
have s0 := one_u; have u0 := ltW u_gt0; have u1 := u_le1; split=> // h' no.
rewrite !head_risk_opposed //= ler_pmul2r ?invr_gt0 ?ltr0n // mxE.
have least := least_two (h'.1 0 0) s0 (_ : 0 <= 1 - u) (_ : 1 - u <= 1 + u).
apply: le_trans (least _ _); rewrite ?subr_ge0 //; last by rewrite ler_add2l (le_trans _ u0) // oppr_le0.
by rewrite divff ?gt_eqF // subrr normr0 addr0 ger0_norm // addr_ge0 ?ler01 // divr_ge0 ?subr_ge0 // ltW.
Qed.

Lemma opposed_best_B : best f y (@absolute_loss R) (@no_intercept R) (scaling wB) ord_max.
Proof.
have s0 := one_v; have v0 := ltW v_gt0; have v1 := v_le1; split=> // h' no.
rewrite !head_risk_opposed //= ler_pmul2r ?invr_gt0 ?ltr0n // mxE.
have least := least_two (- h'.1 0 0) s0 (_ : 0 <= 1 - v) (_ : 1 - v <= 1 + v).
have -> : `|(1 + v) * h'.1 0 0 + 1| + `|(1 - v) * h'.1 0 0 - 1|
        = `|(1 - v) * - h'.1 0 0 + 1| + `|(1 + v) * - h'.1 0 0 - 1|.
  by rewrite [LHS]addrC; congr (_ + _); rewrite -[LHS]normrN; congr (`|_|); ring.
apply: le_trans (least _ _); rewrite ?subr_ge0 //; last by rewrite ler_add2l (le_trans _ v0) // oppr_le0.
have -> : (1 + v) * wB + 1 = 0 by rewrite /wB; field; rewrite gt_eqF.
have -> : (1 - v) * wB - 1 = - ((1 - v) / (1 + v) + 1) by rewrite /wB; field; rewrite gt_eqF.
by rewrite normr0 add0r normrN ger0_norm // addr_ge0 ?ler01 // divr_ge0 ?subr_ge0 // ltW.
Qed.

Lemma opposed_diameter i : view_diameter f i = D.
Proof.
have plus x : x = u + v -> `|x| = D by move=> ->; rewrite uv gtr0_norm.
have minus x : x = - (u + v) -> `|x| = D by move=> ->; rewrite normrN uv gtr0_norm.
have far : forall a b, norm (f i a - f i b) = if (a == ord0) == (b == ord0) then 0 else D.
  move=> a b; rewrite subr_line norm_line.
  case: (i == ord0); case: (a == ord0); case: (b == ord0) => /=; rewrite ?subrr ?normr0 //.
  - by apply: minus; ring.
  - by apply: plus; ring.
  - by apply: plus; ring.
  by apply: minus; ring.
apply/eqP; rewrite eq_le; apply/andP; split.
  by apply: view_diameter_le (ltW D0) _ => a b; rewrite far; case: ifP => // _; exact: ltW.
by have := view_diameter_ge f i ord0 ord_max; rewrite far.
Qed.

Lemma opposed_alignment : robust_alignment f = D ^+ 2.
Proof.
rewrite /robust_alignment (eq_average (fun i => congr1 (fun x => x ^+ 2) (opposed_diameter i))).
by rewrite average_const ?card_ord.
Qed.

Lemma opposed_excess : risk (scaling wB) ord0 - risk (scaling wA) ord0 = ((1 + u)^-1 + (1 + v)^-1) * u.
Proof.
have s0 := one_u; have t0 := one_v; have u0 := ltW u_gt0; have v0 := ltW v_gt0.
rewrite !head_risk_opposed //= !mxE.
have -> : (1 + u) * wA - 1 = 0 by rewrite /wA; field; rewrite gt_eqF.
have -> : (1 - u) * wB + 1 = (u + v) / (1 + v) by rewrite /wB; field; rewrite gt_eqF.
have -> : (1 + u) * wB - 1 = - ((2%:R + u + v) / (1 + v)) by rewrite /wB; field; rewrite gt_eqF.
have -> : (1 - u) * wA + 1 = 2%:R / (1 + u) by rewrite /wA; field; rewrite gt_eqF.
have s0' := ltW s0; have t0' := ltW t0.
rewrite normrN normr0 !ger0_norm ?divr_ge0 ?addr_ge0 ?ler0n ?ler01 //.
by field; rewrite !gt_eqF.
Qed.

End Arcl2Range.

(* Claim arcl-2-range: heads without intercept *)
Theorem arcl_2_squared_fails_below_one (R : rcfType) (Lambda : R) : 0 < Lambda -> Lambda < 1 ->
  exists (n m d : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (y : 'I_n -> R) (loss : 'rV[R]_1 -> R -> R) (heads : head R d 1 -> Prop)
    (hA hB : head R d 1) (a b : 'I_m) (NA NB : R),
  robust_alignment f = Lambda /\
  [/\ lipschitz_loss loss 1, best f y loss heads hA a /\ best f y loss heads hB b,
      norm_bound hA NA, norm_bound hB NB
    & 1 * (NA + NB) * robust_alignment f < Arcl2.risk f y loss hB a - Arcl2.risk f y loss hA a].
Proof.
move=> L0 L1; set D := Num.sqrt Lambda.
have D0 : 0 < D by rewrite sqrtr_gt0.
have D2 : D ^+ 2 = Lambda by rewrite sqr_sqrtr // ltW.
have D1 : D < 1 by rewrite -(ltr_pexpn2r (_ : 0 < 2)%N) ?nnegrE ?ler01 ?(ltW D0) // D2 expr1n.
have s0 := one_u D0; have t0 := one_v D0 D1.
exists 2%N, 2%N, 1%N, (opposed_features D), (@opposed_target R), (@absolute_loss R), (@no_intercept R).
exists (scaling (1 + (D + D ^+ 2) / 2%:R)^-1), (scaling (- (1 + (D - D ^+ 2) / 2%:R)^-1)), ord0, ord_max.
exists (1 + (D + D ^+ 2) / 2%:R)^-1, (1 + (D - D ^+ 2) / 2%:R)^-1.
split; first by rewrite opposed_alignment.
split.
- exact: absolute_lipschitz.
- by split; [exact: opposed_best_A | exact: opposed_best_B].
- by apply: scaling_norm; rewrite ger0_norm // invr_ge0 ltW.
- by apply: scaling_norm; rewrite normrN ger0_norm // invr_ge0 ltW.
rewrite opposed_excess // opposed_alignment // mul1r ltr_pmul2l ?addr_gt0 ?invr_gt0 //.
by rewrite ltr_pdivl_mulr ?ltr0n // mulr_natr mulr2n ltr_add2r D_square.
Qed.
