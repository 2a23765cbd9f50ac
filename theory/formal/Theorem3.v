(* Theorem 3 of Huang et al. (ICLR 2023): the bound on mu_k.mu_l by InfoNCE holds for every tau >= 0, because its
   right side is never below log(16 - e), which is more than 5/2, while mu_k.mu_l is at most 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Averages Setting ClassMeans Losses Exponential InfoNce.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Theorem3.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.
Variables exp log : R -> R.
Hypotheses (is_exp : is_exponential exp) (is_log : is_logarithm exp log).
Hypotheses (n_gt0 : (0 < n)%N) (m_gt0 : (0 < m)%N).
Local Notation p l := (class_share R label l).
Local Notation mean := (class_mean f label).

(* log(exp((L_2 + tau) / (p_k p_l)) - exp(1 - eps)) *)
Definition printed_bound k l tau eps : R :=
  log (exp ((info_nce_regulariser f exp log + tau) / (p k * p l)) - exp (1 - eps)).

Lemma share_gt0 k : class label k != set0 -> 0 < p k.
Proof. by move=> c0; rewrite divr_gt0 ?ltr0n ?card_gt0. Qed.

Lemma two_shares k l : k != l -> p k + p l <= 1.
Proof.
move=> kl; rewrite -mulrDl ler_pdivr_mulr ?ltr0n // mul1r -natrD ler_nat.
have disjoint : class label k :&: class label l = set0.
  by apply/setP => i; rewrite !inE; apply/negbTE; apply: contra kl => /andP[/eqP <- /eqP <-].
have := cardsUI (class label k) (class label l); rewrite disjoint cards0 addn0 => <-.
by rewrite -[X in (_ <= X)%N](card_ord n) max_card.
Qed.

Lemma product_of_shares k l : k != l -> 4%:R * (p k * p l) <= 1.
Proof.
move=> /two_shares le; set a := p k in le *; set b := p l in le *.
have a0 : 0 <= a by rewrite divr_ge0 ?ler0n.
have b0 : 0 <= b by rewrite divr_ge0 ?ler0n.
apply: (@certified _ ((1 - (a + b)) * (1 + (a + b)) + (a - b) ^+ 2)); last ring.
by rewrite addr_ge0 ?sqr_ge0 // mulr_ge0 ?subr_ge0 ?addr_ge0 ?ler01.
Qed.

Lemma log2_ge0 : 0 <= log 2%:R.
Proof. by apply: (le_log is_exp is_log); rewrite (exp0 is_exp) ler1n. Qed.

Lemma exponent k l tau : k != l -> class label k != set0 -> class label l != set0 -> 0 <= tau ->
  4%:R * log 2%:R <= (info_nce_regulariser f exp log + tau) / (p k * p l).
Proof.
move=> kl ck cl tau0; rewrite ler_pdivl_mulr; last exact: mulr_gt0 (share_gt0 ck) (share_gt0 cl).
have L2 := regulariser_ge_log2 f is_exp is_log n_gt0 m_gt0.
apply: le_trans (_ : log 2%:R <= _); last by rewrite -[X in X <= _]addr0 ler_add.
rewrite mulrAC -[X in _ <= X]mul1r; apply: ler_wpmul2r log2_ge0 _ _ _; exact: product_of_shares.
Qed.

(* e^(1/32) <= 32/31, four times squared and rounded up: e^(1/2) <= 5/3 *)
Lemma exp_double x y q q' gap : y = x + x -> exp x <= q -> 0 <= gap -> q' - q ^+ 2 = gap -> exp y <= q'.
Proof.
move=> -> le gap0 e; rewrite (proj1 is_exp) -expr2.
apply: le_trans (_ : q ^+ 2 <= _); last exact: certified gap0 e.
by apply: sqr_le le; apply: ltW (exp_gt0 is_exp _).
Qed.

Lemma exp_half : exp (2%:R^-1) <= 5%:R / 3%:R.
Proof.
have e32 : exp (32%:R^-1) <= 32%:R / 31%:R.
  have -> : 32%:R / 31%:R = (1 - 32%:R^-1)^-1 :> R by field; rewrite ?pnatr_eq0.
  by apply: (exp_upper is_exp); rewrite invf_lt1 ?ltr0n ?ltr1n.
have e16 : exp (16%:R^-1) <= 65%:R / 61%:R.
  apply: (exp_double (gap := (61%:R * 31%:R ^+ 2)^-1)) e32 _ _; [by field | | by field].
  by rewrite invr_ge0; nonneg.
have e8 : exp (8%:R^-1) <= 67%:R / 59%:R.
  by apply: (exp_double (gap := 32%:R / (59%:R * 61%:R ^+ 2))) e16 _ _; [field | nonneg | field].
have e4 : exp (4%:R^-1) <= 129%:R / 100%:R.
  by apply: (exp_double (gap := 149%:R / (100%:R * 59%:R ^+ 2))) e8 _ _; [field | nonneg | field].
by apply: (exp_double (gap := 77%:R / (3%:R * 100%:R ^+ 2))) e4 _ _; [field | nonneg | field].
Qed.

Lemma sixteen_less_e : exp (5%:R / 2%:R) < 16%:R - exp 1.
Proof.
have -> : exp 1 = exp (2%:R^-1) ^+ 2 by rewrite -(exp_natmul is_exp); congr exp; field.
have -> : exp (5%:R / 2%:R) = exp (2%:R^-1) ^+ 5 by rewrite -(exp_natmul is_exp).
have power k : exp (2%:R^-1) ^+ k <= (5%:R / 3%:R) ^+ k.
  by apply: ler_expn2r exp_half; rewrite nnegrE ?divr_ge0 ?ler0n // ltW ?(exp_gt0 is_exp).
apply: le_lt_trans (power 5%N) _; rewrite ltr_subr_addr.
apply: le_lt_trans (ler_add (lexx _) (power 2%N)) _; rewrite -subr_gt0.
have -> : 16%:R - ((5%:R / 3%:R) ^+ 5 + (5%:R / 3%:R) ^+ 2) = 88%:R / 3%:R ^+ 5 :> R by field.
by rewrite divr_gt0 ?exprn_gt0 ?ltr0n.
Qed.

(* the right side of Theorem 3 is at least log(16 - e) > 5/2 for every encoder *)
(* Claim thm-3-vacuous: the right side is at least log(16 - e); of this number only that it is above 5/2 is formal,
   not 2.58 *)
Theorem theorem_3_vacuous k l tau eps :
  k != l -> class label k != set0 -> class label l != set0 -> 0 <= tau -> 0 <= eps ->
  log (16%:R - exp 1) <= printed_bound k l tau eps /\ 5%:R / 2%:R < log (16%:R - exp 1).
Proof.
move=> kl ck cl tau0 eps0; have big := sixteen_less_e.
have pos : 0 < 16%:R - exp 1 := lt_trans (exp_gt0 is_exp _) big.
split; last first.
  rewrite ltNge; apply/negP => le; move: big; rewrite ltNge => /negP; apply.
  by rewrite -(is_log pos) (exp_le is_exp).
apply: (log_le is_exp is_log pos); apply: ler_sub; last first.
  by apply: (exp_le is_exp); rewrite ler_subl_addr ler_addl.
have -> : 16%:R = exp (4%:R * log 2%:R) by rewrite (exp_natmul is_exp) is_log ?ltr0n //; ring.
by apply: (exp_le is_exp); apply: exponent.
Qed.

(* Theorem 3, for every tau >= 0 and eps >= 0 *)
(* Claim thm-3: exp and log as in Exponential.v *)
Theorem theorem_3 k l tau eps :
  unit_features f -> k != l -> class label k != set0 -> class label l != set0 -> 0 <= tau -> 0 <= eps ->
  dot (mean k) (mean l) <= printed_bound k l tau eps.
Proof.
move=> unit_f kl ck cl tau0 eps0; have [le big] := theorem_3_vacuous kl ck cl tau0 eps0.
apply: le_trans (dot_le _ _) _; apply: le_trans (_ : 1 <= _).
  by rewrite mulr_ile1 ?norm_ge0 ?norm_class_mean.
apply: le_trans le; apply: le_trans (ltW big); rewrite ler_pdivl_mulr ?ltr0n // mul1r.
by rewrite ler_nat.
Qed.

(* the chain from Theorem 3 to Theorem 1 asks for a bound below the threshold, which is at most 1: that never happens *)
(* Claims thm-3-vacuous, thm-3-chain: the threshold before Delta_mu / 2 >= 0 is taken off *)
Theorem theorem_3_above_every_threshold k l tau eps rho :
  k != l -> class label k != set0 -> class label l != set0 -> 0 <= tau -> 0 <= eps -> 0 <= rho ->
  threshold rho < printed_bound k l tau eps.
Proof.
move=> kl ck cl tau0 eps0 rho0; have [le big] := theorem_3_vacuous kl ck cl tau0 eps0.
apply: lt_le_trans le; apply: le_lt_trans big; apply: le_trans (_ : 1 <= _).
  by rewrite /threshold -addrA -opprD ler_subl_addr ler_addl addr_ge0 ?sqrtr_ge0.
by rewrite ler_pdivl_mulr ?ltr0n // mul1r ler_nat.
Qed.

End Theorem3.
