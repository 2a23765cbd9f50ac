(* InfoNCE is the alignment loss and a regulariser: L = (L_align / 2 - 1) + L_2; and L_2 is at least log 2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Matrices Setting Losses Exponential.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section InfoNce.
Variables (R : rcfType) (n m d : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variables exp log : R -> R.
Hypotheses (is_exp : is_exponential exp) (is_log : is_logarithm exp log).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).

Let card_n : (0 < #|'I_n|)%N. Proof. by rewrite card_ord. Qed.
Let card_m : (0 < #|'I_m|)%N. Proof. by rewrite card_ord. Qed.
Implicit Types (g h : R -> R -> R) (s t : R).

Lemma info_nce_termE s t : info_nce_term exp log s t = - s + log (exp s + exp t).
Proof.
have sum_gt0 : 0 < exp s + exp t by rewrite addr_gt0 ?(exp_gt0 is_exp).
rewrite /info_nce_term; set A := exp s + exp t in sum_gt0 *.
have -> : exp s / A = exp (s - log A) by rewrite (proj1 is_exp) (expN is_exp) is_log.
by rewrite (log_exp is_exp is_log); ring.
Qed.

Lemma eq_over_triples g h : (forall s t, g s t = h s t) -> over_triples f g = over_triples f h.
Proof. by move=> e; do 5![apply: eq_average => ?]. Qed.

Lemma over_triplesD g h : over_triples f (fun s t => g s t + h s t) = over_triples f g + over_triples f h.
Proof. by rewrite /over_triples; do 4![rewrite -averageD; apply: eq_average => ?]; rewrite -averageD. Qed.

Lemma over_triplesZ c g : over_triples f (fun s t => c * g s t) = c * over_triples f g.
Proof. by rewrite /over_triples; do 4![rewrite -averageZ; apply: eq_average => ?]; rewrite -averageZ. Qed.

Lemma over_triples_const c : over_triples f (fun _ _ => c) = c.
Proof.
rewrite /over_triples -[RHS](average_const _ card_n); apply: eq_average => i.
rewrite -[RHS](average_const _ card_m); apply: eq_average => j.
rewrite -[RHS](average_const _ card_m); apply: eq_average => j'.
rewrite -[RHS](average_const _ card_n); apply: eq_average => i'.
by rewrite average_const.
Qed.

Lemma over_triples_le g h : (forall s t, g s t <= h s t) -> over_triples f g <= over_triples f h.
Proof. by move=> le; do 5![apply: average_le => ?]. Qed.

(* E f(x1).f(x2) *)
Lemma over_positives :
  over_triples f (fun s _ => s) = average (fun i => average (fun j => average (fun j' => dot (f i j) (f i j')))).
Proof.
do 3![apply: eq_average => ?]; rewrite -[RHS](average_const _ card_n); apply: eq_average => i'.
by rewrite average_const.
Qed.

Lemma positives_ge0 : 0 <= over_triples f (fun s _ => s).
Proof. by rewrite over_positives; apply: average_ge0 => i; apply: average_dot_ge0. Qed.

(* E f(x1).f(x-) = |E f|^2 *)
Lemma negatives_ge0 : 0 <= over_triples f (fun _ t => t).
Proof.
pose W := average_vector (fun i => average_vector (f i)).
suff -> : over_triples f (fun _ t => t) = norm W ^+ 2 by apply: sqr_ge0.
rewrite sqr_norm [dot W W]dot_average; apply: eq_average => i.
rewrite dot_average; apply: eq_average => j.
rewrite -[RHS](average_const _ card_m); apply: eq_average => j'.
rewrite dotC dot_average; apply: eq_average => i'.
by rewrite dot_average.
Qed.

(* Claim nce-split: exp and log as in Exponential.v *)
Theorem info_nce_split : unit_features f ->
  info_nce f exp log = (alignment f / 2%:R - 1) + info_nce_regulariser f exp log.
Proof.
move=> unit_f; rewrite /info_nce (eq_over_triples info_nce_termE).
rewrite (over_triplesD (fun s _ => - s)); congr (_ + _).
transitivity (over_triples f (fun s _ => (- 1) * s)); first by apply: eq_over_triples => s t; rewrite mulN1r.
rewrite over_triplesZ over_positives.
have -> : alignment f = 2%:R - 2%:R * average (fun i => average (fun j => average (fun j' => dot (f i j) (f i j')))).
  rewrite -averageZ -averageN -[X in _ = X + _](average_const _ card_n) -averageD; apply: eq_average => i.
  rewrite -averageZ -averageN -[X in _ = X + _](average_const _ card_m) -averageD; apply: eq_average => j.
  rewrite -averageZ -averageN -[X in _ = X + _](average_const _ card_m) -averageD; apply: eq_average => j'.
  by rewrite sqr_normB !unit_f expr1n; ring.
by field.
Qed.

(* Claim thm-3-vacuous *)
Theorem regulariser_ge_log2 : log 2%:R <= info_nce_regulariser f exp log.
Proof.
have le := over_triples_le (log_sum_tangent is_exp is_log).
apply: le_trans le; rewrite (over_triplesD (fun _ _ => log 2%:R)) over_triples_const ler_addl.
rewrite (@eq_over_triples _ (fun s t => 2%:R^-1 * (s + t))); last by move=> s t; rewrite mulrC.
rewrite over_triplesZ (over_triplesD (fun s _ => s)) mulr_ge0 ?invr_ge0 ?ler0n //.
by rewrite addr_ge0 ?positives_ge0 ?negatives_ge0.
Qed.

End InfoNce.
