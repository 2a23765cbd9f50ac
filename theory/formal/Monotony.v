(* Richer views never concentrate less: with more views, augmented distances shrink and sigma(delta) grows. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Monotony.
Variables (R : rcfType) (n m m' K : nat) (input : Type).
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.
Variable richer : 'I_n -> 'I_m' -> input.
Variable label : 'I_n -> 'I_K.

(* A(x) is contained in A'(x) *)
Hypothesis contained : forall i j, exists j', richer i j' = view i j.

(* d_A(x, x') <= delta *)
Definition within p (A : 'I_n -> 'I_p -> input) (delta : R) i i' : bool :=
  [exists j, exists j', dist (A i j) (A i' j') <= delta].

(* sigma_l(delta): the largest share of class l that is pairwise within delta *)
Definition concentration p (A : 'I_n -> 'I_p -> input) (delta : R) l : R :=
  \big[Num.max/0]_(C : {set 'I_n} | (C \subset class label l) && [forall i in C, forall i' in C, within A delta i i'])
    (#|C|%:R / #|class label l|%:R).

(* Claim mono: sigma of one class, the largest share that is pairwise within delta *)
Theorem richer_views_nearer delta i i' : within view delta i i' -> within richer delta i i'.
Proof.
move=> /existsP[j /existsP[j' le]].
have [k ek] := contained i j; have [k' ek'] := contained i' j'.
by apply/existsP; exists k; apply/existsP; exists k'; rewrite ek ek'.
Qed.

Lemma bigmax_ge (I : finType) (P : pred I) (F : I -> R) i : P i -> F i <= \big[Num.max/0]_(l | P l) F l.
Proof.
move=> Pi; have := mem_index_enum i; elim: (index_enum I) => // j r IH.
rewrite inE big_cons => /orP[/eqP <-|/IH le]; first by rewrite Pi le_maxr lexx.
by case: ifP => // _; rewrite le_maxr le orbT.
Qed.

(* Claim mono *)
Theorem richer_views_concentrate delta l : concentration view delta l <= concentration richer delta l.
Proof.
rewrite {1}/concentration; elim/big_rec: _ => [|C x near le].
  rewrite /concentration; elim/big_rec: _ => [|C x _ x0]; rewrite ?lexx // le_maxr x0 orbT //.
rewrite le_maxl le andbT; apply: (@bigmax_ge _ _ (fun C : {set 'I_n} => #|C|%:R / #|class label l|%:R)).
case/andP: near => -> /forall_inP near /=; apply/forall_inP => i iC; apply/forall_inP => i' i'C.
by apply: richer_views_nearer; apply: (forall_inP (near i iC)).
Qed.

End Monotony.
