(* How many of n independent draws meet a condition that was fixed beforehand, and the bounds of Clopper and Pearson on the
   probability of the condition. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From ContrastiveTheory Require Import Vectors Scalars Population Laws.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section UpperTail.
Variable R : rcfType.
Implicit Types (n s : nat) (p q : R).

(* P_p[X = k] and P_p[X >= s] of X ~ Bin(n, p) *)
Definition binomial_mass n p (k : nat) : R := 'C(n, k)%:R * p ^+ k * (1 - p) ^+ (n - k).
Definition upper_tail n s p : R := \sum_(k < n.+1 | (s <= k)%N) binomial_mass n p k.

(* the same by the outcome of one trial *)
Fixpoint tail_by_trials n s p {struct n} : R :=
  match s, n with
  | 0, _ => 1
  | s'.+1, 0 => 0
  | s'.+1, n'.+1 => p * tail_by_trials n' s' p + (1 - p) * tail_by_trials n' s p
  end.

Lemma tail_by_trials0 n p : tail_by_trials n 0 p = 1.
Proof. by case: n. Qed.

Lemma tail_by_trials_falls n s p : 0 <= p <= 1 -> 0 <= tail_by_trials n s.+1 p <= tail_by_trials n s p.
Proof.
move=> /andP[p0 p1]; have q0 : 0 <= 1 - p by rewrite subr_ge0.
elim: n s => [|n IH] s; first by case: s => [|s] /=; rewrite lexx ?ler01.
have step0 k : 0 <= tail_by_trials n k p.
  by case: k => [|k]; [rewrite tail_by_trials0 ler01 | case/andP: (IH k)].
rewrite /= addr_ge0 ?mulr_ge0 //=; case: s => [|s] /=.
  have /andP[_ t1] := IH 0%N; rewrite tail_by_trials0 mulr1 in t1 *.
  apply: (@certified _ ((1 - p) * (1 - tail_by_trials n 1 p))); last by ring.
  by rewrite mulr_ge0 ?subr_ge0.
by rewrite ler_add // ler_wpmul2l //; case/andP: (IH s); case/andP: (IH s.+1).
Qed.

Lemma tail_by_trials_rises n s p q : 0 <= p -> p <= q -> q <= 1 -> tail_by_trials n s p <= tail_by_trials n s q.
Proof.
move=> p0 pq q1; have p01 : 0 <= p <= 1 by rewrite p0 (le_trans pq).
have q01 : 0 <= q <= 1 by rewrite (le_trans p0).
elim: n s => [|n IH] [|s] //=.
have /andP[_ falls] := tail_by_trials_falls n s q01.
apply: le_trans (_ : p * tail_by_trials n s q + (1 - p) * tail_by_trials n s.+1 q <= _).
  by rewrite ler_add // ler_wpmul2l // subr_ge0; case/andP: p01.
apply: (@certified _ ((q - p) * (tail_by_trials n s q - tail_by_trials n s.+1 q))); last by ring.
by rewrite mulr_ge0 ?subr_ge0.
Qed.

Lemma binomial_massS n k p :
  binomial_mass n.+1 p k.+1 = p * binomial_mass n p k + (1 - p) * binomial_mass n p k.+1.
Proof.
rewrite /binomial_mass binS natrD subSS [p ^+ k.+1]exprS; have [kn|nk] := leqP k.+1 n; last first.
  rewrite (bin_small nk); move: ('C(n, k)%:R) (p ^+ k) ((1 - p) ^+ _) ((1 - p) ^+ _) => u x y z; ring.
rewrite -[(n - k)%N]prednK ?subn_gt0 // -subnS [(1 - p) ^+ _.+1]exprS.
by move: ('C(n, k.+1)%:R) ('C(n, k)%:R) (p ^+ k) ((1 - p) ^+ (n - k.+1)) => u t x y; ring.
Qed.

Lemma upper_tail_by_trials n s p : upper_tail n s p = tail_by_trials n s p.
Proof.
apply: esym; rewrite /upper_tail.
have whole k : \sum_(i < k.+1) binomial_mass k p i = 1.
  rewrite -[RHS](expr1n _ k) -[X in _ = X ^+ k](subrK p) exprDn; apply: eq_bigr => i _.
  by rewrite -[RHS]mulr_natl /binomial_mass; move: (_%:R) (p ^+ i) ((1 - p) ^+ _) => u x y; ring.
case: s => [|s]; first by rewrite tail_by_trials0 -[LHS](whole n); apply: eq_bigl.
elim: n s => [|n IH] s /=; first by rewrite big_mkcond big_ord_recl big_ord0 /= addr0.
have shift : \sum_(k < n.+1 | (s < k)%N) binomial_mass n p k = \sum_(k < n.+1 | (s <= k)%N) binomial_mass n p k.+1.
  pose term k := if (s < k)%N then binomial_mass n p k else 0.
  transitivity (\sum_(k < n.+2) term k).
    have beyond : binomial_mass n p n.+1 = 0 by rewrite /binomial_mass bin_small // !mul0r.
    by rewrite big_ord_recr /= /term beyond if_same addr0 -big_mkcond.
  by rewrite big_ord_recl /= add0r [RHS]big_mkcond.
have first_tail : tail_by_trials n s p = \sum_(k < n.+1 | (s <= k)%N) binomial_mass n p k.
  by case: s {shift} => [|s]; rewrite ?IH // tail_by_trials0 -[LHS](whole n); apply: eq_bigl.
rewrite first_tail IH shift !mulr_sumr -big_split [RHS]big_mkcond big_ord_recl /= add0r -big_mkcond.
by apply: eq_bigr => k _; rewrite -binomial_massS.
Qed.

Lemma upper_tail_rises n s p q : 0 <= p -> p <= q -> q <= 1 -> upper_tail n s p <= upper_tail n s q.
Proof. by rewrite !upper_tail_by_trials; exact: tail_by_trials_rises. Qed.

End UpperTail.

Section Draws.
Variables (R : rcfType) (T : finType) (law : T -> R) (A : {set T}).
Hypothesis is_law_law : is_law law.

Lemma probability_expected (S : finType) (p : S -> R) (E : {set S}) : probability p E = expected p (fun x => (x \in E)%:R).
Proof. by rewrite /probability big_mkcond; apply: eq_bigr => x _; case: ifP; rewrite ?mulr1 ?mulr0. Qed.

(* how many of n draws meet the condition: X *)
Definition hits n (w : {ffun 'I_n -> T}) : nat := \sum_i (w i \in A).

Lemma hits_cons n x (w : {ffun 'I_n -> T}) : hits (cons x w) = ((x \in A) + hits w)%N.
Proof. by rewrite /hits big_ord_recl cons0; congr addn; apply: eq_bigr => i _; rewrite cons_lift. Qed.

(* X ~ Bin(n, P[A]) *)
(* Claims population-binomial, population-anchor, population-vertices: how many of n draws meet a condition that was fixed
   beforehand *)
Theorem hits_binomial n s :
  probability (product_law (fun _ : 'I_n => law)) [set w | (s <= hits w)%N] = upper_tail n s (probability law A).
Proof.
rewrite upper_tail_by_trials; have all_law k := product_is_law (fun _ : 'I_k => is_law_law).
have tail0 k : probability (product_law (fun _ : 'I_k => law)) [set w | (0 <= hits w)%N] = 1.
  by rewrite -(all_law k).2; apply: eq_bigl => w; rewrite inE.
elim: n s => [|n IH] [|s]; [exact: tail0 | | exact: tail0 |] => /=.
  by rewrite /probability big_pred0 // => w; rewrite inE /hits big_ord0.
rewrite probability_expected expected_cons expected_pair.
have given x : \sum_w law x * product_law (fun _ : 'I_n => law) w * (cons x w \in [set w | (s < hits w)%N])%:R
    = law x * (if x \in A then tail_by_trials n s (probability law A) else tail_by_trials n s.+1 (probability law A)).
  case: ifP => xA; rewrite -IH probability_expected mulr_sumr; apply: eq_bigr => w _.
    by rewrite -mulrA !inE hits_cons xA.
  by rewrite -mulrA !inE hits_cons xA.
under eq_bigr do rewrite given; move: (tail_by_trials n s _) (tail_by_trials n s.+1 _) => t t'.
rewrite -(probabilityC is_law_law.2) /probability !mulr_suml (bigID (mem A)) /=; congr (_ + _).
  by apply: eq_bigr => x xA; rewrite xA.
by apply: eq_big => x; rewrite ?inE // => /negbTE ->.
Qed.

(* low s is a bound where the count is s: the upper tail there is at most a, or it says nothing *)
Definition lower_bound n (a : R) (low : nat -> R) : Prop :=
  forall s, (s <= n)%N -> low s = 0 \/ 0 <= low s <= 1 /\ upper_tail n s (low s) <= a.

(* high s likewise: P_p[X <= s] = 1 - P_p[X >= s + 1] *)
Definition upper_bound n (a : R) (high : nat -> R) : Prop :=
  forall s, (s <= n)%N -> high s = 1 \/ 0 <= high s <= 1 /\ 1 - upper_tail n s.+1 (high s) <= a.

Lemma probability01 (S : finType) (p : S -> R) (E : {set S}) : is_law p -> 0 <= probability p E <= 1.
Proof.
move=> of_p; rewrite sumr_ge0 => [|x _]; last exact: of_p.1.
by rewrite -[X in _ <= X]of_p.2 [X in _ <= X](bigID (mem E)) /= ler_addl sumr_ge0 // => x _; apply: of_p.1.
Qed.

Lemma hits_le n (w : {ffun 'I_n -> T}) : (hits w <= n)%N.
Proof. by rewrite -[X in (_ <= X)%N]card_ord -sum1_card; apply: leq_sum => i _; case: (_ \in _). Qed.

(* Claim population-binomial: the lower end *)
Theorem clopper_pearson_lower n (a : R) low : 0 <= a -> lower_bound n a low ->
  1 - a <= probability (product_law (fun _ : 'I_n => law)) [set w | low (hits w) <= probability law A].
Proof.
move=> a0 bound; set q := probability law A; have all_law := product_is_law (fun _ : 'I_n => is_law_law).
have /andP[q0 q1] : 0 <= q <= 1 := probability01 A is_law_law.
rewrite ler_subl_addl -ler_subl_addr -(probabilityC all_law.2).
have [/existsP[s1 above]|/existsPn below] := boolP [exists s : 'I_n.+1, q < low s]; last first.
  rewrite /probability big_pred0 // => w; rewrite !inE.
  by have := below (Ordinal (hits_le w : (hits w < n.+1)%N)); rewrite -leNgt => ->.
have [s above_s least] := @arg_minnP _ s1 (fun s : 'I_n.+1 => q < low s) val above.
apply: le_trans (_ : upper_tail n s q <= _).
  rewrite -hits_binomial; apply: (probability_le all_law); apply/subsetP => w; rewrite !inE -ltNge => over.
  exact: (least (Ordinal (hits_le w : (hits w < n.+1)%N))).
have [z|[/andP[low0 low1] tail]] := bound s (ltn_ord s : (s <= n)%N); first by move: above_s; rewrite z ltNge q0.
by apply: le_trans tail; apply: upper_tail_rises => //; apply: ltW.
Qed.

(* Claim population-binomial: the upper end *)
Theorem clopper_pearson_upper n (a : R) high : 0 <= a -> upper_bound n a high ->
  1 - a <= probability (product_law (fun _ : 'I_n => law)) [set w | probability law A <= high (hits w)].
Proof.
move=> a0 bound; set q := probability law A; have all_law := product_is_law (fun _ : 'I_n => is_law_law).
have /andP[q0 q1] : 0 <= q <= 1 := probability01 A is_law_law.
rewrite ler_subl_addl -ler_subl_addr -(probabilityC all_law.2).
have [/existsP[s1 below]|/existsPn above] := boolP [exists s : 'I_n.+1, high s < q]; last first.
  rewrite /probability big_pred0 // => w; rewrite !inE.
  by have := above (Ordinal (hits_le w : (hits w < n.+1)%N)); rewrite -leNgt => ->.
have [s below_s most] := @arg_maxnP _ s1 (fun s : 'I_n.+1 => high s < q) val below.
apply: le_trans (_ : 1 - upper_tail n s.+1 q <= _).
  rewrite -hits_binomial -(probabilityC all_law.2); apply: (probability_le all_law); apply/subsetP => w.
  rewrite !inE -ltNge -leqNgt => under; exact: (most (Ordinal (hits_le w : (hits w < n.+1)%N))).
have [z|[/andP[high0 high1] tail]] := bound s (ltn_ord s : (s <= n)%N); first by move: below_s; rewrite z ltNge q1.
by apply: le_trans tail; rewrite ler_add2l ler_opp2; apply: upper_tail_rises => //; apply: ltW.
Qed.

(* Claim population-binomial: both ends at once, each at half of what is allowed *)
Theorem clopper_pearson_both n (a : R) low high : 0 <= a ->
  lower_bound n (a / 2%:R) low -> upper_bound n (a / 2%:R) high ->
  1 - a <= probability (product_law (fun _ : 'I_n => law)) [set w | low (hits w) <= probability law A <= high (hits w)].
Proof.
move=> a0 lower upper; have half0 : 0 <= a / 2%:R by rewrite divr_ge0 ?ler0n.
have all_law := product_is_law (fun _ : 'I_n => is_law_law).
have both := probability_cap all_law (clopper_pearson_lower half0 lower) (clopper_pearson_upper half0 upper).
rewrite -splitr in both; apply: le_trans both _; apply: (probability_le all_law); apply/subsetP => w.
by rewrite !inE.
Qed.

End Draws.
