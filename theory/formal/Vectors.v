(* Row vectors over any real closed field: dot product, Euclidean norm, Cauchy-Schwarz, triangle inequality. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Vectors.
Variables (R : rcfType) (d : nat).
Implicit Types (u v w p q : 'rV[R]_d) (a b : R).

Definition dot u v : R := \sum_i u 0 i * v 0 i.
Definition norm u : R := Num.sqrt (dot u u).

Lemma dotC u v : dot u v = dot v u.
Proof. by apply: eq_bigr => i _; rewrite mulrC. Qed.

Lemma dotDr u v w : dot u (v + w) = dot u v + dot u w.
Proof. by rewrite /dot -big_split; apply: eq_bigr => i _; rewrite mxE mulrDr. Qed.

Lemma dotZr u a v : dot u (a *: v) = a * dot u v.
Proof. by rewrite /dot mulr_sumr; apply: eq_bigr => i _; rewrite mxE mulrCA. Qed.

Lemma dotNr u v : dot u (- v) = - dot u v.
Proof. by rewrite -scaleN1r dotZr mulN1r. Qed.

Lemma dot0r u : dot u 0 = 0.
Proof. by rewrite -[0](scale0r u) dotZr mul0r. Qed.

Lemma dot_sumr (I : Type) (r : seq I) (P : pred I) (F : I -> 'rV[R]_d) u :
  dot u (\sum_(i <- r | P i) F i) = \sum_(i <- r | P i) dot u (F i).
Proof. by apply: (big_morph (dot u)) => [v w|]; rewrite ?dotDr ?dot0r. Qed.

Lemma dotDl u v w : dot (u + v) w = dot u w + dot v w.
Proof. by rewrite dotC dotDr !(dotC w). Qed.

Lemma dotZl a u v : dot (a *: u) v = a * dot u v.
Proof. by rewrite dotC dotZr dotC. Qed.

Lemma dotNl u v : dot (- u) v = - dot u v.
Proof. by rewrite dotC dotNr dotC. Qed.

Definition dotE := (dotDl, dotDr, dotZl, dotZr, dotNl, dotNr).

Lemma dot_ge0 u : 0 <= dot u u.
Proof. by apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0. Qed.

Lemma dot_eq0 u : dot u u = 0 -> u = 0.
Proof.
move=> /eqP; rewrite psumr_eq0 => [/allP z|i _]; last by rewrite -expr2 sqr_ge0.
apply/rowP => i; rewrite mxE; have := z i (mem_index_enum i).
by rewrite /= -expr2 sqrf_eq0 => /eqP.
Qed.

Lemma norm_ge0 u : 0 <= norm u.
Proof. exact: sqrtr_ge0. Qed.

Lemma sqr_norm u : norm u ^+ 2 = dot u u.
Proof. by rewrite sqr_sqrtr ?dot_ge0. Qed.

Lemma norm0 : norm 0 = 0.
Proof. by rewrite /norm dot0r sqrtr0. Qed.

Lemma normN u : norm (- u) = norm u.
Proof. by rewrite /norm !dotE opprK. Qed.

Lemma normB u v : norm (u - v) = norm (v - u).
Proof. by rewrite -normN opprB. Qed.

Lemma normZ a u : norm (a *: u) = `|a| * norm u.
Proof. by rewrite /norm !dotE mulrA -expr2 sqrtrM ?sqr_ge0 // sqrtr_sqr. Qed.

Lemma sqr_normB u v : norm (u - v) ^+ 2 = norm u ^+ 2 - 2%:R * dot u v + norm v ^+ 2.
Proof. by rewrite !sqr_norm !dotE (dotC v u); ring. Qed.

Lemma sqr_normD u v : norm (u + v) ^+ 2 = norm u ^+ 2 + 2%:R * dot u v + norm v ^+ 2.
Proof. by rewrite !sqr_norm !dotE (dotC v u); ring. Qed.

Theorem cauchy_schwarz u v : `|dot u v| <= norm u * norm v.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?norm_ge0 //.
rewrite exprMn real_normK ?num_real // !sqr_norm.
have [v0|vN0] := eqVneq v 0; first by rewrite v0 !dot0r expr0n mulr0.
have vpos : 0 < dot v v.
  by rewrite lt_def dot_ge0 andbT; apply: contraNneq vN0 => /dot_eq0 ->.
rewrite -subr_ge0 -(pmulr_rge0 _ vpos).
have -> : dot v v * (dot u u * dot v v - dot u v ^+ 2)
        = dot (dot v v *: u - dot u v *: v) (dot v v *: u - dot u v *: v).
  by rewrite !dotE (dotC v u); ring.
exact: dot_ge0.
Qed.

Lemma dot_le u v : dot u v <= norm u * norm v.
Proof. exact: le_trans (ler_norm _) (cauchy_schwarz u v). Qed.

Lemma dot_geN u v : - (norm u * norm v) <= dot u v.
Proof. by rewrite ler_oppl -dotNr -[norm v]normN dot_le. Qed.

Theorem triangle u v : norm (u + v) <= norm u + norm v.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?addr_ge0 ?norm_ge0 // sqr_normD.
rewrite -subr_ge0.
have -> : (norm u + norm v) ^+ 2 - (norm u ^+ 2 + 2%:R * dot u v + norm v ^+ 2)
        = 2%:R * (norm u * norm v - dot u v) by ring.
by rewrite mulr_ge0 ?ler0n // subr_ge0 dot_le.
Qed.

Lemma triangle_via w u v : norm (u - v) <= norm (u - w) + norm (w - v).
Proof. by rewrite -[u - v](subrKA w); exact: triangle. Qed.

Lemma norm_sum_le (I : finType) (P : pred I) (F : I -> 'rV[R]_d) :
  norm (\sum_(i | P i) F i) <= \sum_(i | P i) norm (F i).
Proof.
elim/big_rec2: _ => [|i x y _ le]; first by rewrite norm0.
by apply: le_trans (triangle _ _) _; rewrite ler_add2l.
Qed.

End Vectors.
