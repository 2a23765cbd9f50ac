(* One sample of the main part of class l and of S_eps: its feature is within s = t + 2 eps of the others', which
   bounds u.mu_l (forms corrected and sharp) and |u - mu_l| (form chord), and so decides when it is classified
   correctly. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Setting Geometry ClassMeans Lemma31.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section MainParts.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.
Hypothesis n_gt0 : (0 < n)%N.
Hypothesis unit_f : unit_features f.

Variables (sigma eps t : R) (l : 'I_K) (C : {set 'I_n}).
Hypothesis main : main_part f label sigma t l C.

Local Notation mean := (class_mean f label).
Local Notation alpha := (alpha f label sigma eps l).
Local Notation s := (t + 2%:R * eps).

(* the two samples' closest views are t apart, and either's views within eps of each other *)
Lemma spread i i' j j' : i \in C :&: aligned f eps -> i' \in C :&: aligned f eps ->
  norm (f i j - f i' j') <= s.
Proof.
rewrite !inE => /andP[iC /forallP iS] /andP[i'C /forallP i'S].
have [_ _ /(_ i i' iC i'C)[a [b close]]] := main.
have -> : t + 2%:R * eps = eps + (t + eps) by ring.
apply: le_trans (triangle_via (f i a) _ _) _; apply: ler_add; first exact: (forallP (iS j)).
apply: le_trans (triangle_via (f i' b) _ _) _; apply: ler_add => //; exact: (forallP (i'S b)).
Qed.

(* what is known of a sample of a main part within S_eps *)
Section Member.
Variable i : 'I_n.
Hypotheses (iC : i \in C) (iS : i \in aligned f eps).
Let G := C :&: aligned f eps.
Let u := f i (original i).

Fact good : i \in G. Proof. by rewrite !inE iC; move: iS; rewrite inE => ->. Qed.
Fact G_sub : G \subset class label l.
Proof. by apply: subset_trans (subsetIl _ _) _; case: main. Qed.
Fact label_l : label i = l. Proof. by have := subsetP G_sub i good; rewrite inE => /eqP. Qed.
Fact c_gt0 : (0 < #|class label l|)%N. Proof. by apply/card_gt0P; exists i; apply: (subsetP G_sub) good. Qed.
Fact m_gt0 : (0 < m)%N. Proof. exact: leq_ltn_trans (leq0n _) (ltn_ord (original i)). Qed.
Fact s_ge0 : 0 <= s. Proof. exact: le_trans (norm_ge0 _) (spread (original i) (original i) good good). Qed.
Fact alpha_ge0 : 0 <= alpha. Proof. by rewrite /Setting.alpha le_maxr lexx. Qed.
Fact alpha_le_beta : alpha <= #|G|%:R / #|class label l|%:R. Proof. exact: alpha_le main c_gt0. Qed.
Fact dot_mean_geN1 : -1 <= dot u (mean l).
Proof.
apply: le_trans (dot_geN u (mean l)); rewrite ler_opp2 /u unit_f mul1r.
exact: norm_class_mean unit_f m_gt0 l.
Qed.

Lemma dot_mean_corrected : 1 - rho_corrected (alpha) s <= dot u (mean l).
Proof.
apply: le_trans (_ : alpha * (2%:R - s) - 1 <= _).
  by rewrite /rho_corrected le_eqVlt; apply/orP; left; apply/eqP; ring.
apply: split_mono alpha_ge0 alpha_le_beta (beta_le1 R G_sub c_gt0) dot_mean_geN1 _.
apply: (dot_mean unit_f m_gt0 G_sub c_gt0 (unit_f _ _)) => i' j i'G.
by apply: unit_dot_linear => //; apply: spread good i'G.
Qed.

Lemma dot_mean_sharp : 1 - rho_sharp (alpha) s <= dot u (mean l).
Proof.
apply: le_trans (_ : alpha * (2%:R - s ^+ 2 / 2%:R) - 1 <= _).
  by rewrite /rho_sharp le_eqVlt; apply/orP; left; apply/eqP; ring.
apply: split_mono alpha_ge0 alpha_le_beta (beta_le1 R G_sub c_gt0) dot_mean_geN1 _.
apply: (dot_mean unit_f m_gt0 G_sub c_gt0 (unit_f _ _)) => i' j i'G.
by apply: unit_dot_square => //; apply: spread good i'G.
Qed.

Lemma dist_mean_chord : norm (u - mean l) <= chord (alpha) s.
Proof.
have [s2|/ltW s2] := leP s 2%:R.
  apply: le_trans (chord_mono alpha_ge0 alpha_le_beta (beta_le1 R G_sub c_gt0) s_ge0 s2).
  apply: (dist_mean unit_f m_gt0 G_sub c_gt0 (unit_f _ _) _ s_ge0 erefl) => i' j i'G.
  by apply: unit_dot_square => //; apply: spread good i'G.
apply: le_trans (chord_wide alpha_ge0 _ s2); last first.
  exact: le_trans alpha_le_beta (beta_le1 R G_sub c_gt0).
apply: le_trans (triangle _ _) _; rewrite normN unit_f -[2%:R]/(1 + 1) ler_add2l.
exact: norm_class_mean unit_f m_gt0 l.
Qed.

Lemma right_below_threshold rho :
  1 - rho <= dot u (mean l) -> (forall k, k != l -> dot (mean l) (mean k) < threshold rho) ->
  i \notin misclassified f label original.
Proof.
move=> up below; rewrite inE negb_exists; apply/forallP => k; apply/negP; rewrite /taken_for label_l.
case/andP => kl closer; have := below k kl; rewrite ltNge.
by rewrite (below_threshold (unit_f i (original i)) (norm_class_mean label unit_f m_gt0 l) up closer).
Qed.

Lemma right_beyond_chord D :
  norm (u - mean l) <= D -> (forall k, k != l -> 2%:R * D < norm (mean l - mean k)) ->
  i \notin misclassified f label original.
Proof.
move=> own beyond; rewrite inE negb_exists; apply/forallP => k; apply/negP; rewrite /taken_for label_l.
by case/andP => kl closer; have := beyond k kl; rewrite ltNge (beyond_chord own closer).
Qed.

End Member.

End MainParts.
