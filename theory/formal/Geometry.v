(* The plane of a feature u and two class means p and q, in units of r: how near u is to p by an inner product
   or a distance, and what it says of p and q that u is at least as near to q. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalars.
Variable R : rcfType.
Implicit Types a x y z s rho : R.

(* D falls in alpha while s <= 2, and is at least 2 beyond *)
Lemma chord_mono a b s : 0 <= a -> a <= b -> b <= 1 -> 0 <= s -> s <= 2%:R -> chord b s <= chord a s.
Proof.
move=> a0 ab b1 s0 s2; rewrite /chord.
set A := (1 - a) ^+ 2 + _; set B := (1 - b) ^+ 2 + _.
have A0 : 0 <= A by nonneg.
have B0 : 0 <= B by nonneg; exact: le_trans a0 ab.
have rA := sqr_sqrtr A0; have rB := sqr_sqrtr B0.
have rA0 := sqrtr_ge0 A; have rB0 := sqrtr_ge0 B.
set p := Num.sqrt A in rA rA0 *; set q := Num.sqrt B in rB rB0 *.
have key : s ^+ 2 - 2%:R * (1 - a) <= 2%:R * p.
  apply: le_of_sqr; first by nonneg.
  rewrite exprMn rA; apply: (@certified _ (s ^+ 2 * (2%:R - s) * (2%:R + s))).
    by nonneg.
  by rewrite /A; ring.
have : q <= p + (b - a).
  apply: le_of_sqr; first by nonneg.
  rewrite rB; apply: (@certified _ ((b - a) * (2%:R * p - (s ^+ 2 - 2%:R * (1 - a))))).
    by nonneg.
  have -> : (p + (b - a)) ^+ 2 = p ^+ 2 + 2%:R * p * (b - a) + (b - a) ^+ 2 by ring.
  by rewrite rA /A /B; ring.
rewrite -subr_ge0 => h; apply: (certified h); ring.
Qed.

Lemma chord_wide a s : 0 <= a -> a <= 1 -> 2%:R <= s -> 2%:R <= chord a s.
Proof.
move=> a0 a1 s2; rewrite /chord.
have : 1 + a <= Num.sqrt ((1 - a) ^+ 2 + a * s ^+ 2).
  apply: le_of_sqr; first exact: sqrtr_ge0.
  rewrite sqr_sqrtr; last by nonneg.
  apply: (@certified _ (a * (s - 2%:R) * (s + 2%:R))); last ring.
  by nonneg; rewrite (le_trans _ s2) ?ler0n.
rewrite -subr_ge0 => h; apply: (certified h); ring.
Qed.

(* 1 - rho' falls no deeper when a smaller alpha stands for the true one; `spread` is s or s^2 / 2 *)
Lemma split_mono a b spread x :
  0 <= a -> a <= b -> b <= 1 -> -1 <= x -> b * (2%:R - spread) - 1 <= x -> a * (2%:R - spread) - 1 <= x.
Proof.
move=> a0 ab b1 x1 le; have [h|/ltW h] := leP spread 2%:R.
  apply: le_trans le; rewrite ler_add2r; apply: ler_wpmul2r => //; by rewrite subr_ge0.
apply: le_trans x1; rewrite -subr_ge0; apply: (@certified _ (a * (spread - 2%:R))); last ring.
by nonneg.
Qed.

Lemma threshold_antitone rho rho' : rho <= rho' -> threshold rho' <= threshold rho.
Proof.
move=> le; rewrite /threshold; apply: ler_add; first by rewrite ler_add2l ler_opp2.
by rewrite ler_opp2 ler_wsqrtr // ler_wpmul2l ?ler0n.
Qed.

End Scalars.

Section Plane.
Variables (R : rcfType) (d : nat).
Implicit Types (u w p q : 'rV[R]_d) (s rho D : R).

Lemma unit_dot_linear u w s : norm u = 1 -> norm w = 1 -> norm (u - w) <= s -> 1 - s <= dot u w.
Proof.
move=> u1 w1 le_s.
have: dot u (u - w) <= s by apply: le_trans (dot_le _ _) _; rewrite u1 mul1r.
by rewrite !dotE -sqr_norm u1 expr1n !ler_subl_addr addrC.
Qed.

Lemma unit_dot_square u w s : norm u = 1 -> norm w = 1 -> norm (u - w) <= s -> 1 - s ^+ 2 / 2%:R <= dot u w.
Proof.
move=> u1 w1 /(sqr_le (norm_ge0 _)); rewrite sqr_normB u1 w1 expr1n => le.
apply: (@certified _ ((s ^+ 2 - (1 - 2%:R * dot u w + 1)) / 2%:R)).
  by nonneg.
by field.
Qed.

(* below the threshold, q is farther from u than p is *)
Lemma below_threshold u p q rho :
  norm u = 1 -> norm p <= 1 -> 1 - rho <= dot u p -> norm (u - q) <= norm (u - p) -> threshold rho <= dot p q.
Proof.
move=> u1 p1 up closer.
have p2 : norm p ^+ 2 <= 1 by rewrite exprn_ile1 ?norm_ge0.
have D2 : norm (u - p) ^+ 2 <= 2%:R * rho.
  rewrite sqr_normB u1 expr1n.
  apply: (@certified _ (2%:R * (dot u p - (1 - rho)) + (1 - norm p ^+ 2))); last ring.
  by nonneg.
have D : norm (u - p) <= Num.sqrt (2%:R * rho).
  by rewrite -(ger0_norm (norm_ge0 (u - p))) -sqrtr_sqr ler_wsqrtr.
have step : norm p * norm (u - q) <= Num.sqrt (2%:R * rho).
  rewrite -[X in _ <= X]mul1r; apply: ler_pmul; rewrite ?norm_ge0 //; exact: le_trans closer D.
have := le_trans (dot_le p (u - q)) step.
rewrite !dotE (dotC p u) /threshold => le.
apply: (@certified _ ((dot u p - (1 - rho)) + (Num.sqrt (2%:R * rho) - (dot u p - dot p q)))); last ring.
by nonneg.
Qed.

Lemma beyond_chord u p q D : norm (u - p) <= D -> norm (u - q) <= norm (u - p) -> norm (p - q) <= 2%:R * D.
Proof.
move=> own closer; apply: le_trans (triangle_via u p q) _.
by rewrite (normB p u) -[2%:R]/(1 + 1) mulrDl mul1r ler_add // (le_trans closer).
Qed.

End Plane.
