(* Theorem 4 of Huang et al. (ICLR 2023) for centred features, E f = 0: a factor c_kl <= 1/2 does where 2 is printed. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Theorem3Sharp Theorem4 Theorem4Spread Theorem4Floor.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* u^T A u *)
Definition form (R : rcfType) (d : nat) (A : 'M[R]_d) (u : 'rV[R]_d) : R := \sum_a \sum_b A a b * (u 0 a * u 0 b).

Section Forms.
Variables (R : rcfType) (d : nat).
Implicit Types (A B : 'M[R]_d) (u : 'rV[R]_d).

Lemma formD A B u : form (A + B) u = form A u + form B u.
Proof.
rewrite /form -big_split; apply: eq_bigr => a _; rewrite -big_split; apply: eq_bigr => b _ /=.
by rewrite mxE mulrDl.
Qed.

Lemma form_gram (I : finType) (y : I -> 'rV[R]_d) A u :
  (forall a b, A a b = \sum_i y i 0 a * y i 0 b) -> form A u = \sum_i dot (y i) u ^+ 2.
Proof.
move=> entry; rewrite /form.
transitivity (\sum_a \sum_b \sum_i (y i 0 a * u 0 a) * (y i 0 b * u 0 b)).
  by apply: eq_bigr => a _; apply: eq_bigr => b _; rewrite entry mulr_suml; apply: eq_bigr => i _; rewrite mulrACA.
under eq_bigr do rewrite exchange_big; rewrite exchange_big; apply: eq_bigr => i _ /=.
by rewrite expr2 /dot big_distrlr.
Qed.

Lemma form_1 u : form (- 1%:M) u = - dot u u.
Proof.
rewrite /form /dot -sumrN; apply: eq_bigr => a _; rewrite (bigD1 a) //= big1 => [|b ba].
  by rewrite !mxE eqxx addr0 mulN1r.
by rewrite !mxE eq_sym (negbTE ba) oppr0 mul0r.
Qed.

(* (u^T A u)^2 <= |A|_F^2 |u|^4 *)
Lemma sqr_form_le A u : form A u ^+ 2 <= sqr_frobenius A * dot u u ^+ 2.
Proof.
pose Au : 'rV[R]_d := \row_a dot (row a A) u.
have -> : form A u = dot Au u.
  rewrite /form /dot; apply: eq_bigr => a _; rewrite mxE /dot mulr_suml; apply: eq_bigr => b _.
  by rewrite mxE; ring.
have cs (x y : 'rV[R]_d) : dot x y ^+ 2 <= dot x x * dot y y.
  by rewrite -!sqr_norm -exprMn -[X in X <= _]real_normK ?num_real // sqr_le ?cauchy_schwarz.
apply: le_trans (cs _ _) _; rewrite [X in _ <= _ * X]expr2 mulrA ler_wpmul2r ?dot_ge0 //.
rewrite /sqr_frobenius mulr_suml; apply: ler_sum => a _; rewrite mxE -expr2.
apply: le_trans (cs _ _) _; rewrite ler_wpmul2r ?dot_ge0 // le_eqVlt; apply/orP; left; apply/eqP.
by apply: eq_bigr => b _; rewrite mxE expr2.
Qed.

(* the forms of two orthogonal directions are part of the norm *)
Lemma two_forms A u w : dot u w = 0 -> 0 < dot u u -> 0 < dot w w ->
  (form A u / dot u u) ^+ 2 + (form A w / dot w w) ^+ 2 <= sqr_frobenius A.
Proof.
move=> uw uu ww; pose a := form A u / dot u u ^+ 2; pose b := form A w / dot w w ^+ 2.
have : 0 <= \sum_i \sum_j (A i j - (a * (u 0 i * u 0 j) + b * (w 0 i * w 0 j))) ^+ 2.
  by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; apply: sqr_ge0.
have distr (F G : 'I_d -> R) : \sum_i \sum_j F i * G j = (\sum_i F i) * (\sum_i G i) by rewrite big_distrlr.
have -> : \sum_i \sum_j (A i j - (a * (u 0 i * u 0 j) + b * (w 0 i * w 0 j))) ^+ 2
    = sqr_frobenius A - 2%:R * a * form A u - 2%:R * b * form A w
      + a ^+ 2 * (dot u u * dot u u) + b ^+ 2 * (dot w w * dot w w) + 2%:R * a * b * (dot u w * dot u w).
  rewrite -!distr /sqr_frobenius /form !mulr_sumr -!sumrB -!big_split; apply: eq_bigr => i _ /=.
  rewrite !mulr_sumr -!sumrB -!big_split; apply: eq_bigr => j _ /=.
  by move: (A i j) (u 0 i) (u 0 j) (w 0 i) (w 0 j) => *; ring.
rewrite uw mul0r mulr0 addr0 => le; apply: (certified le); rewrite /a /b.
by move: uu ww; move: (dot u u) (dot w w) (form A u) (form A w) => x y *; field; rewrite !gt_eqF.
Qed.

End Forms.

(* y = x_k.x_l for x = sqrt(p) mu, s = sqrt((1 - p_k) (1 - p_l)), g = sqrt(p_k p_l); P, Q are the squared lengths of two orthogonal
   directions, A, C those of their images; ZZ and N are the two parts of twice the right side, less 1 *)
Section Numbers.
Variable R : rcfType.

Lemma pair_bound (y s g P Q A C ZZ N : R) :
  0 <= y -> 0 < s -> 0 <= g -> g <= s -> P = 2%:R * s * (s - g) -> Q = 2%:R * s * (s + g) -> 0 <= C -> 0 <= ZZ -> 0 <= N ->
  4%:R * s * y = A - C -> (P = 0 -> A = 0) ->
  (0 < P -> ((A - P) / P) ^+ 2 + ((C - Q) / Q) ^+ 2 <= ZZ) -> (0 < P -> P <= A -> ((A - P) / P) ^+ 2 <= N) ->
  4%:R * y ^+ 2 <= (s - g) ^+ 2 * (1 + ZZ + N).
Proof.
move=> y0 s_gt0 g0 gs PE QE C0 Z0 N0 yE zero entries reach.
have right0 : 0 <= 1 + ZZ + N by rewrite !addr_ge0 ?ler01.
have four_s : 0 < 4%:R * s by rewrite mulr_gt0 ?ltr0n.
have Q_gt0 : 0 < Q by rewrite QE !mulr_gt0 ?ltr0n // ltr_paddr.
have [Pz|P_neq0] := eqVneq P 0.
  have -> : y = 0.
    by apply/eqP; rewrite eq_le y0 andbT -(pmulr_rle0 _ four_s) yE (zero Pz) sub0r oppr_le0.
  by rewrite expr0n mulr0 mulr_ge0 ?sqr_ge0.
have gap0 : 0 <= s - g by rewrite subr_ge0.
have P_gt0 : 0 < P by rewrite lt_def P_neq0 PE !mulr_ge0 ?ler0n // ltW.
move: (entries P_gt0) (reach P_gt0) => {}entries {}reach.
set z := (A - P) / P in entries reach; pose b := (Q - C) / Q.
have CE : ((C - Q) / Q) ^+ 2 = b ^+ 2 by rewrite -sqrrN /b -mulNr opprB.
rewrite CE in entries.
have b1 : b <= 1 by rewrite ler_pdivr_mulr // mul1r ger_addl oppr_le0.
have AE : A = (1 + z) * P by rewrite /z; field; rewrite gt_eqF.
have CQ : C = (1 - b) * Q by rewrite /b; field; rewrite gt_eqF.
have far : 2%:R * y <= (s - g) * (z + b).
  apply: (@certified _ (2%:R * g * (1 - b))); first by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?ler0n.
  have -> : 2%:R * y = (1 + z) * (s - g) - (1 - b) * (s + g); last by ring.
  apply: (mulfI (lt0r_neq0 (_ : 0 < 2%:R * s))); first by rewrite mulr_gt0 ?ltr0n.
  by rewrite [LHS](_ : _ = 4%:R * s * y); [rewrite yE AE CQ PE QE; ring | ring].
have y2 : 0 <= 2%:R * y by rewrite mulr_ge0 ?ler0n.
have -> : 4%:R * y ^+ 2 = (2%:R * y) ^+ 2 by ring.
apply: le_trans (sqr_le y2 far) _; rewrite exprMn; apply: ler_wpmul2l; first exact: sqr_ge0.
have [z0|z_lt0] := leP 0 z.
  have le := reach; rewrite /z ler_pdivl_mulr // mul0r subr_ge0 in z0; move: (le z0) => {}le.
  have z_ge0 : 0 <= z by rewrite /z divr_ge0 ?subr_ge0 // ltW.
  apply: (@certified _ ((ZZ - (z ^+ 2 + b ^+ 2)) + (N - z ^+ 2) + (1 - z) ^+ 2 + 2%:R * z * (1 - b))); last by ring.
  apply: addr_ge0; last by rewrite mulr_ge0 ?subr_ge0 // mulr_ge0 ?ler0n.
  by apply: addr_ge0 (sqr_ge0 _); apply: addr_ge0; rewrite subr_ge0.
have gap_gt0 : 0 < s - g.
  by rewrite lt_def gap0 andbT; apply: contraNneq P_neq0 => e; rewrite PE e mulr0.
have zb0 : 0 <= z + b by rewrite -(pmulr_rge0 _ gap_gt0) (le_trans y2).
have zb1 : z + b <= 1 by apply: le_trans b1; rewrite ger_addr ltW.
apply: le_trans (sqr_le zb0 zb1) _; rewrite expr1n -addrA ler_addl addr_ge0 //.
Qed.

End Numbers.

Section Centred.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis centred : forall a, average (fun i => average (fun j => f i j 0 a)) = 0.    (* E f = 0 *)
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).
Local Notation M := (between f label).
Local Notation S := (correlation f - between f label).
Local Notation v k := (Num.sqrt (p k)).
Local Notation x k := (Num.sqrt (p k) *: mean k).
Local Notation Y := (Y f label).
Local Notation Z := (Z f label).

(* v, and U e = sum_j e_j x_j *)
Definition root_shares : 'rV[R]_K := \row_k v k.
Definition image (e : 'rV[R]_K) : 'rV[R]_d := \sum_j e 0 j *: x j.
Local Notation N := (sqr_frobenius (S + S + (M - 1%:M))).

Lemma form_Z e : dot e root_shares = 0 -> form Z e = dot (image e) (image e) - dot e e.
Proof.
move=> ev; have images : dot (image e) (image e) = \sum_i \sum_j dot (e 0 i *: x i) (e 0 j *: x j).
  rewrite {2}/image dot_sumr [RHS]exchange_big; apply: eq_bigr => j _ /=.
  by rewrite dotC dot_sumr; apply: eq_bigr => i _; rewrite dotC.
have shares : \sum_i \sum_j (e 0 i * v i) * (e 0 j * v j) = 0.
  have zero : \sum_i e 0 i * v i = 0 by rewrite -[RHS]ev; apply: eq_bigr => i _; rewrite mxE.
  by transitivity ((\sum_i e 0 i * v i) * (\sum_j e 0 j * v j)); [rewrite big_distrlr | rewrite zero mul0r].
transitivity (\sum_i \sum_j dot (e 0 i *: x i) (e 0 j *: x j) - dot e e + \sum_i \sum_j (e 0 i * v i) * (e 0 j * v j)).
  rewrite /form /dot -sumrB -big_split; apply: eq_bigr => i _ /=; rewrite -!/(dot _ _).
  transitivity (\sum_j (dot (e 0 i *: x i) (e 0 j *: x j) - (i == j)%:R * (e 0 i * e 0 j) + (e 0 i * v i) * (e 0 j * v j))).
    apply: eq_bigr => j _; rewrite [Z i j]mxE [Y i j]mxE (dotZl (e 0 i) (x i)) (dotZr (x i) (e 0 j)).
    by move: (dot (x i) (x j)) (e 0 i) (e 0 j) (v i) (v j) ((i == j)%:R) => *; ring.
  rewrite big_split sumrB /=; congr (_ - _ + _); rewrite (bigD1 i) //= eqxx mul1r big1 ?addr0 // => j ji.
  by rewrite eq_sym (negbTE ji) mul0r.
by rewrite images shares addr0.
Qed.

(* where the image is no shorter than e, what |S + S + M - 1| adds is at least what |Z| does *)
Lemma reach e : dot e root_shares = 0 -> 0 < dot e e -> dot e e <= dot (image e) (image e) ->
  ((dot (image e) (image e) - dot e e) / dot e e) ^+ 2 <= N.
Proof.
move=> ev e_gt0 long; set W := image e in long *.
have [T TE] : exists T : 'rV[R]_K, forall j, T 0 j = dot (x j) W by exists (\row_j dot (x j) W) => j; rewrite mxE.
have Te : dot T e = dot W W.
  rewrite {2}/W /image dot_sumr; apply: eq_bigr => j _; rewrite TE mulrC [RHS](dotZr W (e 0 j) (x j)).
  by rewrite (dotC (x j)).
have cs : dot W W ^+ 2 <= dot T T * dot e e.
  by rewrite -Te -!sqr_norm -exprMn -[X in X <= _]real_normK ?num_real // sqr_le ?cauchy_schwarz.
have formM : form M W = dot T T.
  rewrite (@form_gram _ _ _ (fun j => x j)) => [|a b].
    by rewrite /dot; apply: eq_bigr => j _; rewrite TE expr2.
  have entry (u : 'rV[R]_d) c r : (r *: u) 0 c = r * u 0 c by rewrite mxE.
  rewrite mxE; apply: eq_bigr => j _; rewrite [X in _ = X * _]entry [X in _ = _ * X]entry [RHS]mulrACA -expr2 sqr_v.
  by [].
have formS : 0 <= form S W.
  pose dev i := average_vector (f i) - mean (label i).
  rewrite (@form_gram _ _ _ (fun i => Num.sqrt n%:R^-1 *: dev i)) => [|a b].
    by apply: sumr_ge0 => i _; apply: sqr_ge0.
  have entry (u : 'rV[R]_d) c r : (r *: u) 0 c = r * u 0 c by rewrite mxE.
  rewrite deviation_matrix [LHS]mxE [X in _ * X]mxE mulr_sumr; apply: eq_bigr => i _.
  rewrite [X in _ = X * _]entry [X in _ = _ * X]entry mulrACA -expr2 sqr_sqrtr ?invr_ge0 ?ler0n //.
  by congr (_ * (_ * _)); [rewrite [LHS]mxE | rewrite [LHS]mxE [LHS]mxE].
have W_gt0 : 0 < dot W W := lt_le_trans e_gt0 long.
have T_ge : dot W W * (dot W W - dot e e) / dot e e <= dot T T - dot W W.
  by rewrite ler_pdivr_mulr // mulrBl mulrBr ler_add2r -expr2.
have step : 0 <= dot W W * (dot W W - dot e e) / dot e e.
  by rewrite divr_ge0 ?(ltW e_gt0) // mulr_ge0 ?(ltW W_gt0) // subr_ge0.
apply: (@scaled_le _ (dot W W ^+ 2)); first by rewrite exprn_gt0.
apply: le_trans (_ : (dot T T - dot W W) ^+ 2 <= _).
  by rewrite -exprMn mulrA; apply: sqr_le.
rewrite [X in _ <= X]mulrC; apply: le_trans (sqr_form_le _ _); apply: sqr_le; first exact: le_trans step T_ge.
by rewrite (formD (S + S)) (formD S S) (formD M) formM form_1 ler_addr addr_ge0.
Qed.

Section Pair.
Variables (k l : 'I_K) (tau : R).
Hypotheses (kl : k != l) (ck : class label k != set0) (cl : class label l != set0) (le_tau : sqr_frobenius S <= tau).
Local Notation B := (identity_distance f + tau - (d%:R - K%:R) / 2%:R).

Let pos c : class label c != set0 -> 0 < p c.
Proof. by move=> c0; rewrite divr_gt0 ?ltr0n ?card_gt0. Qed.

Let pp : 0 < p k * p l. Proof. by rewrite mulr_gt0 ?pos. Qed.

Let right_side_ge : 1 + sqr_frobenius Z + N <= 2%:R * B := right_side_ge n_gt0 centred le_tau.

(* a e_k + b e_l, less its part along v *)
Definition direction (a b : R) : 'rV[R]_K := a *: delta_mx 0 k + b *: delta_mx 0 l - (a * v k + b * v l) *: root_shares.

Lemma dot_delta (u : 'rV[R]_K) j : dot u (delta_mx 0 j) = u 0 j.
Proof.
rewrite /dot (bigD1 j) //= big1 => [|i ij]; first by rewrite !mxE !eqxx mulr1 addr0.
by rewrite !mxE eqxx (negbTE ij) mulr0.
Qed.

Lemma dot_root_shares u : dot u root_shares = \sum_j u 0 j * v j.
Proof. by apply: eq_bigr => j _; rewrite mxE. Qed.

Lemma root_shares_unit : dot root_shares root_shares = 1.
Proof. by rewrite -(sum_sqr_v R label n_gt0) dot_root_shares; apply: eq_bigr => j _; rewrite mxE expr2. Qed.

Lemma root_entry j : root_shares 0 j = v j. Proof. by rewrite mxE. Qed.

Lemma delta_entry (i j : 'I_K) : (delta_mx 0 i : 'rV[R]_K) 0 j = (j == i)%:R. Proof. by rewrite mxE eqxx. Qed.

Lemma direction_orthogonal a b : dot (direction a b) root_shares = 0.
Proof.
rewrite /direction dotC !dotDr dotNr !dotZr !dot_delta root_shares_unit !root_entry.
by move: (v k) (v l) => g h; ring.
Qed.

Lemma dot_directions a b a' b' :
  dot (direction a b) (direction a' b') = a * a' + b * b' - (a * v k + b * v l) * (a' * v k + b' * v l).
Proof.
rewrite {2}/direction !dotDr dotNr !dotZr direction_orthogonal mulr0 subr0 !dot_delta.
have entry j : direction a b 0 j = a * (j == k)%:R + b * (j == l)%:R - (a * v k + b * v l) * v j.
  have add (u w : 'rV[R]_K) : (u + w) 0 j = u 0 j + w 0 j by rewrite mxE.
  have scale r (u : 'rV[R]_K) : (r *: u) 0 j = r * u 0 j by rewrite mxE.
  by rewrite /direction !add -scaleNr !scale !delta_entry root_entry mulNr.
rewrite !entry !eqxx (negbTE kl) eq_sym (negbTE kl) /=.
by move: (v k) (v l) => g h; ring.
Qed.

Lemma image_direction a b : image (direction a b) = a *: x k + b *: x l.
Proof.
have add (u w : 'rV[R]_K) : image (u + w) = image u + image w.
  by rewrite /image -big_split; apply: eq_bigr => j _ /=; rewrite mxE scalerDl.
have scale r (u : 'rV[R]_K) : image (r *: u) = r *: image u.
  by rewrite /image scaler_sumr; apply: eq_bigr => j _; rewrite mxE [RHS]scalerA.
have image_delta j : image (delta_mx 0 j) = x j.
  rewrite /image (bigD1 j) //= big1 => [|i ij]; first by rewrite mxE !eqxx scale1r addr0.
  by rewrite mxE eqxx (negbTE ij) scale0r.
have image_shares : image root_shares = 0.
  by rewrite -[RHS](sum_weighted_means label centred); apply: eq_bigr => j _; rewrite mxE.
by rewrite /direction !add -scaleNr !scale !image_delta image_shares scaler0 addr0.
Qed.

(* c_kl = (sqrt((1 - p_k) (1 - p_l)) - sqrt(p_k p_l))^2 / 2 *)
Definition centred_reach : R := Num.sqrt (1 - p k) * Num.sqrt (1 - p l) - v k * v l.

Let two_le1 : p k + p l <= 1.
Proof.
rewrite -(sum_shares R label n_gt0) (bigD1 k) //= (bigD1 l) 1?eq_sym //= ler_add2l ler_addl.
by apply: sumr_ge0 => j _; apply: share_ge0.
Qed.

Lemma centred_reach_range : 0 <= centred_reach /\ centred_reach <= 1.
Proof.
have pk := share_ge0 R label k; have pl := share_ge0 R label l.
have qk : 0 <= 1 - p k by rewrite subr_ge0 (le_trans _ two_le1) // ler_addl.
have ql : 0 <= 1 - p l by rewrite subr_ge0 (le_trans _ two_le1) // ler_addr.
have root r : 0 <= Num.sqrt r by move=> *; exact: sqrtr_ge0.
split; rewrite /centred_reach ?subr_ge0 ?ler_subl_addr.
  apply: le_of_sqr; first by rewrite mulr_ge0.
  rewrite !exprMn !sqr_v !sqr_sqrtr //; apply: (@certified _ (1 - (p k + p l))); first by rewrite subr_ge0.
  by move: (p k) (p l) => g h; ring.
rewrite ler_paddr ?mulr_ge0 //; apply: mulr_ile1; rewrite ?root // -[X in _ <= X]sqrtr1 ler_wsqrtr //.
  by rewrite ger_addl oppr_le0.
by rewrite ger_addl oppr_le0.
Qed.

Lemma sqr_products : 0 <= dot (x k) (x l) -> 4%:R * dot (x k) (x l) ^+ 2 <= centred_reach ^+ 2 * (2%:R * B).
Proof.
move=> y0; apply: le_trans (ler_wpmul2l (sqr_ge0 _) right_side_ge).
set a := Num.sqrt (1 - p k); set b := Num.sqrt (1 - p l).
have a_gt0 : 0 < a by rewrite sqrtr_gt0 subr_gt0 (lt_le_trans _ two_le1) // ltr_addl pos.
have b_gt0 : 0 < b by rewrite sqrtr_gt0 subr_gt0 (lt_le_trans _ two_le1) // ltr_addr pos.
have a2 : a ^+ 2 = 1 - v k ^+ 2 by rewrite sqr_v sqr_sqrtr // ltW // -sqrtr_gt0.
have b2 : b ^+ 2 = 1 - v l ^+ 2 by rewrite sqr_v sqr_sqrtr // ltW // -sqrtr_gt0.
have ev c := direction_orthogonal b c; have [g_le _] := centred_reach_range.
have self c : c ^+ 2 = a ^+ 2 -> dot (direction b c) (direction b c) = 2%:R * (a ^+ 2 * b ^+ 2) - 2%:R * b * c * (v k * v l).
  move=> c2; rewrite dot_directions; transitivity (b ^+ 2 * (1 - v k ^+ 2) + c ^+ 2 * (1 - v l ^+ 2) - 2%:R * b * c * (v k * v l)).
    by move: (v k) (v l) => g h; ring.
  by rewrite -a2 -b2 c2; ring.
have across : dot (direction b a) (direction b (- a)) = 0.
  rewrite dot_directions; transitivity (b ^+ 2 * (1 - v k ^+ 2) - a ^+ 2 * (1 - v l ^+ 2)).
    by move: (v k) (v l) => g h; ring.
  by rewrite -a2 -b2; ring.
set P := dot (direction b a) (direction b a); set Q := dot (direction b (- a)) (direction b (- a)).
have PE : P = 2%:R * (a * b) * (a * b - v k * v l) by rewrite /P self //; move: (v k) (v l) => g h; ring.
have QE : Q = 2%:R * (a * b) * (a * b + v k * v l) by rewrite /Q self ?sqrrN //; move: (v k) (v l) => g h; ring.
have Q_gt0 : 0 < Q by rewrite QE !mulr_gt0 ?ltr0n // ltr_paddr ?mulr_gt0 // mulr_ge0 ?sqrtr_ge0.
apply: (@pair_bound _ _ (a * b) (v k * v l) P Q (dot (image (direction b a)) (image (direction b a)))
  (dot (image (direction b (- a))) (image (direction b (- a))))) => //.
- exact: mulr_gt0.
- by rewrite mulr_ge0 ?sqrtr_ge0.
- by move: g_le; rewrite /centred_reach subr_ge0.
- exact: dot_ge0.
- exact: sqr_frobenius_ge0.
- exact: sqr_frobenius_ge0.
- rewrite !image_direction; move: (x k) (x l) => y z; rewrite !dotDl !dotDr !dotZl !dotZr (dotC z y).
  by move: (dot y y) (dot z z) (dot y z) => *; ring.
- move=> /dot_eq0 ->; rewrite /image big1 ?dot0r // => j _; by rewrite mxE scale0r.
- move=> P_gt0; have := two_forms Z across P_gt0 Q_gt0.
  by rewrite !form_Z ?direction_orthogonal.
by move=> P_gt0; apply: reach.
Qed.

(* Claim thm-4-centred: for every tau' >= norm(C - M)^2; E f_i^2 = 1 is not used; that the bound is attained is not formal *)
Theorem theorem_4_centred (c_kl := centred_reach ^+ 2 / 2%:R) :
  c_kl <= 2%:R^-1 /\ dot (mean k) (mean l) <= Num.sqrt (c_kl / (p k * p l) * B).
Proof.
have [reach0 reach1] := centred_reach_range; split.
  by rewrite ler_pdivr_mulr ?ltr0n // mulVf ?two_neq0 // exprn_ile1.
have [neg|/ltW y0] := leP (dot (mean k) (mean l)) 0; first exact: le_trans neg (sqrtr_ge0 _).
have product : dot (x k) (x l) = v k * v l * dot (mean k) (mean l) by rewrite dotZl dotZr mulrA.
have := sqr_products; rewrite product => /(_ (mulr_ge0 (mulr_ge0 (sqrtr_ge0 _) (sqrtr_ge0 _)) y0)) le.
rewrite !exprMn !sqr_v in le.
have B0 : 0 <= B.
  apply: (@scaled_le _ 2%:R); rewrite ?ltr0n // mulr0; apply: le_trans right_side_ge.
  by rewrite !addr_ge0 ?ler01 ?sqr_frobenius_ge0.
apply: le_of_sqr; rewrite ?sqrtr_ge0 // sqr_sqrtr; last first.
  by apply: mulr_ge0 B0; apply: divr_ge0 (ltW pp); rewrite divr_ge0 ?sqr_ge0 ?ler0n.
rewrite [X in _ <= X]mulrAC ler_pdivl_mulr // [X in X <= _]mulrC.
apply: (@scaled_le _ 4%:R); rewrite ?ltr0n //; apply: le_trans le _.
by rewrite le_eqVlt /c_kl; apply/orP; left; apply/eqP; move: B => z; field.
Qed.

End Pair.

End Centred.
