(* The augmented distance d_A(x, x'), the least distance of a view of x and one of x', is no metric; and a main part, whose
   samples are pairwise within delta, need not lie in a ball of diameter delta. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section AugmentedDistance.
Variables (R : rcfType) (n m : nat) (input : Type).
Variables (dist : input -> input -> R) (view : 'I_n -> 'I_m -> input).

(* t is the minimum of dist over a view of i and a view of i' *)
Definition augmented_distance i i' (t : R) : Prop :=
  (exists j j', dist (view i j) (view i' j') = t) /\ forall j j', t <= dist (view i j) (view i' j').

End AugmentedDistance.

Section Refutations.
Variable R : rcfType.

(* Claim augmented-metric: three samples on the line, views {0}, {0, 1}, {1}: 0 + 0 < 1 *)
Theorem augmented_distance_is_no_metric :
  exists (n m : nat) (view : 'I_n -> 'I_m -> R) x y z t_xy t_yz t_xz, let dist u v := `|u - v| in
  [/\ augmented_distance dist view x y t_xy, augmented_distance dist view y z t_yz,
      augmented_distance dist view x z t_xz & t_xy + t_yz < t_xz].
Proof.
exists 3%N, 2%N, (fun i j => if i == ord0 then 0 else if i == ord_max then 1 else j%:R).
exists ord0, (lift ord0 ord0), ord_max, 0, 0, 1; split.
- by split=> [|j j']; [exists ord0, ord0; rewrite /= subrr normr0 | exact: normr_ge0].
- by split=> [|j j']; [exists ord_max, ord0; rewrite /= subrr normr0 | exact: normr_ge0].
- by split=> [|j j']; rewrite /= ?sub0r ?normrN1 //; exists ord0, ord0.
by rewrite addr0 ltr01.
Qed.

(* Claim main-part-ball: the corners of an equilateral triangle, each its own only view *)
Theorem main_part_is_no_ball :
  exists (n m d K : nat) (view : 'I_n -> 'I_m -> 'rV[R]_d) (label : 'I_n -> 'I_K) (delta : R) l,
    augmentation_main_part (fun u v => norm (u - v)) view label 1 delta l (class label l)
    /\ forall c, exists2 i, i \in class label l & forall j, delta / 2%:R < norm (view i j - c).
Proof.
pose corner (i : 'I_3) : 'rV[R]_3 := delta_mx 0 i.
exists 3%N, 1%N, 3%N, 1%N, (fun i _ => corner i), (fun=> ord0), (Num.sqrt 2%:R), ord0.
have dot_corner u i : dot u (corner i) = u 0 i.
  rewrite /dot (bigD1 i) //= big1 => [|a ai]; first by rewrite mxE !eqxx mulr1 addr0.
  by rewrite mxE eqxx (negbTE ai) mulr0.
have own i i' : dot (corner i) (corner i') = (i == i')%:R by rewrite dot_corner mxE eqxx eq_sym.
have all_in i : i \in class (fun=> ord0 : 'I_1) ord0 by rewrite inE.
split.
  split=> // [|i i' _ _]; first by rewrite mul1r.
  exists ord0, ord0; apply: ler_wsqrtr; rewrite !dotE !own !eqxx (eq_sym i').
  by case: (i == i') => /=; [rewrite subrr opprK addNr addr0 ler0n | rewrite subr0 oppr0 opprK add0r -[1 + 1]/(2%:R) lexx].
move=> c; have [/existsP[i far]|none] := boolP [exists i, 2%:R^-1 < norm (corner i - c) ^+ 2].
  exists i => // _; have d0 : 0 <= Num.sqrt 2%:R / 2%:R :> R by rewrite divr_ge0 ?sqrtr_ge0 ?ler0n.
  rewrite -(@ltr_pexpn2r _ 2) ?nnegrE ?norm_ge0 // exprMn sqr_sqrtr ?ler0n //.
  by rewrite (_ : _ * _ = 2%:R^-1) //; field.
have near i : norm (corner i - c) ^+ 2 <= 2%:R^-1.
  by rewrite leNgt; apply: contra none => far; apply/existsP; exists i.
have := ler_add (ler_add (near ord0) (near (lift ord0 ord0))) (near (lift ord0 (lift ord0 ord0))).
have cc : dot c c = c 0 ord0 ^+ 2 + c 0 (lift ord0 ord0) ^+ 2 + c 0 (lift ord0 (lift ord0 ord0)) ^+ 2.
  by rewrite /dot !big_ord_recl big_ord0 addr0 !expr2 addrA.
have one i : dot (corner i) (corner i) = 1 by rewrite own eqxx.
rewrite !sqr_normB !(dotC (corner _) c) !dot_corner !sqr_norm !one cc.
move: (c 0 ord0) (c 0 (lift ord0 ord0)) (c 0 (lift ord0 (lift ord0 ord0))) => x y z le.
suff : (2%:R : R) <= 3%:R / 2%:R by rewrite ler_pdivl_mulr ?ltr0n // -natrM ler_nat.
have squares : 0 <= 3%:R * ((x - 3%:R^-1) ^+ 2 + (y - 3%:R^-1) ^+ 2 + (z - 3%:R^-1) ^+ 2).
  by rewrite mulr_ge0 ?ler0n // !addr_ge0 ?sqr_ge0.
rewrite -subr_ge0 in le; apply: (certified (addr_ge0 squares le)); by field.
Qed.

End Refutations.
