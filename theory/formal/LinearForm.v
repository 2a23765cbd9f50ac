(* The linear form of InfoNCE of Huang et al. (ICLR 2023), section 4, L_1 + lambda |E f|^2: it is least where f is aligned and
   centred, and it bounds no inner product of class means. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting Lemma32Step.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section LinearForm.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.

(* E f, and L_1 + lambda |E f|^2 with L_1 = -E f(x1).f(x2) *)
Definition centre : 'rV[R]_d := average_vector (fun i => average_vector (f i)).
Definition first_part : R := - average (fun i => average (fun j => average (fun j' => dot (f i j) (f i j')))).
Definition linear_form (lambda : R) : R := first_part + lambda * norm centre ^+ 2.

(* Claim linear-form *)
Theorem linear_form_least lambda : (0 < n)%N -> (0 < m)%N -> unit_features f -> 0 < lambda ->
  [/\ linear_form lambda = alignment f / 2%:R - 1 + lambda * norm centre ^+ 2,
      - 1 <= linear_form lambda
    & linear_form lambda = - 1 <-> alignment f = 0 /\ centre = 0].
Proof.
move=> n_gt0 m_gt0 unit_f lambda0.
have split : alignment f = 2%:R + 2%:R * first_part.
  rewrite /alignment /first_part mulrN -mulNr -averageZ.
  rewrite -[2%:R in X in X + _](@average_const _ [finType of 'I_n]) ?card_ord //.
  rewrite -averageD; apply: eq_average => i.
  rewrite -averageZ -[2%:R in X in X + _](@average_const _ [finType of 'I_m]) ?card_ord //.
  rewrite -averageD; apply: eq_average => j.
  rewrite -averageZ -[2%:R in X in X + _](@average_const _ [finType of 'I_m]) ?card_ord //.
  rewrite -averageD; apply: eq_average => j'; rewrite sqr_normB !unit_f expr1n; ring.
have form : linear_form lambda = alignment f / 2%:R - 1 + lambda * norm centre ^+ 2.
  by rewrite /linear_form split; field.
have a0 : 0 <= alignment f.
  by apply: average_ge0 => i; apply: average_ge0 => j; apply: average_ge0 => j'; apply: sqr_ge0.
have half0 : 0 <= alignment f / 2%:R by rewrite divr_ge0 ?ler0n.
have c0 : 0 <= lambda * norm centre ^+ 2 by rewrite mulr_ge0 ?sqr_ge0 // ltW.
split=> //; first by rewrite form; apply: (certified (addr_ge0 half0 c0)); ring.
rewrite form; split=> [/eqP|[-> ->]]; last by rewrite norm0 expr0n /=; field.
rewrite -subr_eq0 opprK addrAC subrK paddr_eq0 // mulf_eq0 invr_eq0 pnatr_eq0 orbF => /andP[/eqP -> ].
rewrite mulf_eq0 (gt_eqF lambda0) /= sqr_norm => /eqP /dot_eq0 ->.
by [].
Qed.

End LinearForm.

(* Three classes on two opposite points *)
Section OppositePoints.
Variable R : rcfType.

Definition opposite (i : 'I_4) (j : 'I_1) : 'rV[R]_1 := const_mx (if (i < 2)%N then 1 else - 1).
Definition opposite_label (i : 'I_4) : 'I_3 := inord (minn i 2).

Lemma opposite_class (l : 'I_3) : (l < 2)%N -> class opposite_label l = [set widen_ord (isT : (3 <= 4)%N) l].
Proof.
move=> l2; apply/setP => i; rewrite !inE -!val_eqE /= inordK ?ltnS ?geq_minr //.
by case: l l2 => [[|[|]]] // ? _; case: i => [[|[|[|[|]]]]].
Qed.

Lemma opposite_mean (l : 'I_3) : (l < 2)%N -> class_mean opposite opposite_label l = const_mx 1.
Proof.
move=> l2; rewrite /class_mean (opposite_class l2) cards1 big_set1 big_ord1 muln1 invr1 scale1r /opposite.
by rewrite /= l2.
Qed.

(* Claim linear-form-bound: four samples, classes 0 and 1 at 1 and class 2 at -1, for every C and lambda *)
Theorem linear_form_bounds_nothing :
  exists (n m d K : nat) (f : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) k l,
  [/\ unit_features f, k != l, forall lambda, linear_form f lambda = - 1
    & forall C lambda, C * (linear_form f lambda + 1) < dot (class_mean f label k) (class_mean f label l)].
Proof.
exists 4%N, 1%N, 1%N, 3%N, opposite, opposite_label, ord0, (lift ord0 ord0).
have least lambda : linear_form opposite lambda = - 1.
  have -> : linear_form opposite lambda = first_part opposite + lambda * norm (centre opposite) ^+ 2 by [].
  have c0 : centre opposite = 0 :> 'rV[R]_1.
    apply/rowP => a; rewrite /centre /average_vector !card_ord !big_ord_recl !big_ord0 !mxE /=.
    by rewrite !invr1; field.
  rewrite c0 norm0 expr0n /= mulr0 addr0 /first_part; congr (- _).
  rewrite -[RHS](@average_const _ [finType of 'I_4]) ?card_ord //; apply: eq_average => i.
  rewrite /average !card_ord invr1 !mul1r !big_ord1 mul1r dot_line.
  by case: ifP; rewrite ?mulr1 ?mulrNN ?mulr1.
split=> //.
- by move=> i j; rewrite norm_line; case: ifP; rewrite ?normrN1 ?normr1.
by move=> C lambda; rewrite least addNr mulr0 !opposite_mean // dot_line mulr1 ltr01.
Qed.

End OppositePoints.
