(* Perfect alignment and perfect uniformity under the identity as augmentation say nothing of the classes: half of the samples of
   either class at each of the two points of the sphere of one dimension. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Losses Saunshi Lemma32Step.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section UniformIdentity.
Variable R : rcfType.

Definition coin (i : 'I_4) (j : 'I_1) : 'rV[R]_1 := const_mx (if (i < 2)%N then 1 else - 1).
Definition coin_label (i : 'I_4) : 'I_2 := inord (i %% 2).

(* Claim uniform-identity: four samples with one view; every head errs on exactly half *)
Theorem uniform_identity_sees_no_classes :
  exists (n d K : nat) (f : 'I_n -> 'I_1 -> 'rV[R]_d) (label : 'I_n -> 'I_K) (u : 'rV[R]_d),
  [/\ unit_features f, alignment f = 0,
      [/\ d = 1%N, share R [set i | f i ord0 == u] = 2%:R^-1 & share R [set i | f i ord0 == - u] = 2%:R^-1]
    & forall head, head_error f label head = 2%:R^-1].
Proof.
have apart : (1 == -1 :> R) = false.
  by rewrite -subr_eq0 opprK -[1 + 1]/(2%:R) pnatr_eq0.
have same (x y : R) : (const_mx x == const_mx y :> 'rV[R]_1) = (x == y).
  by apply/eqP/eqP => [/(congr1 (fun u : 'rV_1 => u 0 0))|->] //; rewrite !mxE.
exists 4%N, 1%N, 2%N, coin, coin_label, (const_mx 1); split.
- by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1.
- rewrite /alignment -[RHS](@average_const _ [finType of 'I_4]) ?card_ord //; apply: eq_average => i.
  by rewrite /average !card_ord invr1 !mul1r !big_ord1 mul1r subrr norm0 expr0n.
- have negated : - const_mx 1 = const_mx (-1) :> 'rV[R]_1 by apply/rowP => a; rewrite !mxE.
  split=> //; rewrite ?negated /share (_ : #|_| = 2%N); try by field.
    rewrite -sum1_card big_mkcond !big_ord_recl big_ord0 !inE /coin !same /= !eqxx eq_sym apart.
    by [].
  by rewrite -sum1_card big_mkcond !big_ord_recl big_ord0 !inE /coin !same /= !eqxx apart.
move=> head; rewrite /head_error /average !card_ord invr1 !big_ord_recl !big_ord0 /coin /=.
set a := head _; set b := head _; rewrite !mul1r !addr0 /coin_label.
have bit (c : 'I_2) : (c != inord 0)%:R + (c != inord 1)%:R = 1 :> R.
  by rewrite -!(inj_eq val_inj) /= !inordK //; case: c => [[|[|]]] // ?; rewrite /= ?addr0 ?add0r.
have := bit a; have := bit b; rewrite /=.
set p := (b != _)%:R; set q := (b != _)%:R; set r := (a != _)%:R; set s := (a != _)%:R => e1 e2.
rewrite addrA e2 e1; by field.
Qed.

End UniformIdentity.
