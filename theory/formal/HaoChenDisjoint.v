(* Where no two samples share a view the graph of views falls into one piece for each sample: no k < n features have a positive
   gap, and HaoChen's bound phi / gap reads 0 / 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Matrices HaoChen.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Disjoint.
Variables (R : rcfType) (N n : nat).
Variable w : 'I_N -> 'I_N -> R.
Variable sample : 'I_N -> 'I_n.            (* the sample that has the view *)
Hypotheses (law : pair_law w) (apart : forall v v', sample v != sample v' -> w v v' = 0).
Hypothesis drawn : forall i, exists2 v, sample v = i & 0 < weight w v.   (* every sample has a view of positive probability *)

(* a function of the sample does not change along an edge *)
Lemma energy_of_samples (c : 'I_n -> R) : energy w (c \o sample) = 0.
Proof.
rewrite /energy big1 ?mulr0 // => v _; rewrite big1 // => v' _ /=.
have [->|/apart ->] := eqVneq (sample v) (sample v'); first by rewrite subrr expr0n mulr0.
by rewrite mul0r.
Qed.

(* Claim haochen-disjoint: phi = 0 for every labelling of the samples, and no gap > 0 for any k < n features; that
   lambda_(n+1) = ... = 1 is not formal *)
Theorem disjoint_views_leave_no_gap (k K : nat) (label : 'I_n -> 'I_K) (F : 'I_N -> 'rV[R]_k) lambda gap :
  (k < n)%N -> eigenfeatures w F lambda gap -> inconsistency w (label \o sample) = 0 /\ gap <= 0.
Proof.
move=> kn [_ _ least]; split.
  rewrite /inconsistency big1 // => v _; rewrite big1 // => v' _ /=.
  have [->|/apart ->] := eqVneq (sample v) (sample v'); first by rewrite eqxx mulr0.
  by rewrite mul0r.
pose M : 'M[R]_(n, k) := \matrix_(i, a) \sum_(v | sample v == i) weight w v * F v 0 a.
have : kermx M != 0.
  rewrite kermx_eq0 /row_free; apply: contraL kn => /eqP rank; rewrite -leqNgt -rank; exact: rank_leq_col.
move=> /rowV0Pn [c /sub_kermxP cM c_neq0]; pose g := (fun i => c 0 i) \o sample.
have orthogonal a : product w g (fun v => F v 0 a) = 0.
  have := congr1 (fun u : 'rV_k => u 0 a) cM; rewrite [X in X = _ -> _]mxE [X in _ = X -> _]mxE => <-.
  rewrite /product (partition_big sample xpredT) //=; apply: eq_bigr => i _.
  by rewrite mxE mulr_sumr; apply: eq_bigr => v /eqP e; rewrite /g /= e mulrCA.
have [i ci] : exists i, c 0 i != 0.
  by apply/existsP; apply: contraNT c_neq0 => /existsPn z; apply/eqP/rowP => i; rewrite mxE; apply/eqP; rewrite -[_ == _]negbK z.
have [v vi pos] := drawn i.
have positive : 0 < product w g g.
  rewrite /product (bigD1 v) //=; apply: ltr_paddr.
    by apply: sumr_ge0 => v' _; rewrite mulr_ge0 ?weight_ge0 // -expr2 sqr_ge0.
  by rewrite mulr_gt0 // -expr2 lt_def sqr_ge0 andbT sqrf_eq0 /g /= vi.
by have := least g orthogonal; rewrite energy_of_samples pmulr_lle0.
Qed.

End Disjoint.
