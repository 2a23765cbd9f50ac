(* Points that features lie at, tried in a fixed order: how rarely one is accepted that its claimed class does not own, and
   what accepted points say of the error with any view counted. Probability spaces are finite. *)
From mathcomp Require Import all_ssreflect all_algebra.
From ContrastiveTheory Require Import Vectors Population Laws PopulationBinomial.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* J claims in a fixed order, and a test of each *)
Section Order.
Variables (R : rcfType) (Omega : finType) (weight : Omega -> R) (J : nat).
Variable wrong : pred 'I_J.                 (* the claims that are false *)
Variable won : 'I_J -> {set Omega}.         (* the event that the test of claim j wins *)
Hypothesis law : is_law weight.

(* claim j is accepted where its test and all before it win *)
Definition accepted (w : Omega) : {set 'I_J} := [set j : 'I_J | [forall j' : 'I_J, (j' <= j)%N ==> (w \in won j')]].

(* where the test of a false claim wins with probability at most a, one is accepted with probability at most a *)
(* Claim population-order: any J, any events *)
Theorem fixed_order (a : R) : 0 <= a -> (forall j, wrong j -> probability weight (won j) <= a) ->
  probability weight [set w | [exists j : 'I_J, wrong j && (j \in accepted w)]] <= a.
Proof.
move=> a_ge0 rare; have [j0 wrong_j0|none] := pickP wrong; last first.
  rewrite (_ : [set w | _] = set0) /probability ?big_set0 //; apply/setP => w; rewrite !inE.
  by apply/existsP => -[j]; rewrite none.
have [first wrong_first least] := @arg_minnP _ j0 wrong val wrong_j0.
apply: le_trans (rare _ wrong_first); apply: probability_le => //; apply/subsetP => w; rewrite inE.
case/existsP => j /andP[wrong_j]; rewrite inE => /forallP/(_ first)/implyP; apply; exact: least.
Qed.

End Order.

(* Features that take a few values: the points. Samples weigh as the population has them and have m views each; the means
   may be any vectors, those of the classes make G_f *)
Section Points.
Variables (R : rcfType) (d J K m : nat) (Sample : finType) (mass : Sample -> R).
Variable f : Sample -> 'I_m -> 'rV[R]_d.    (* f x i: features of view i of sample x *)
Variable label : Sample -> 'I_K.
Variable mean : 'I_K -> 'rV[R]_d.           (* mu_l *)
Variable point : 'I_J -> 'rV[R]_d.          (* v_j *)
Variable owner : 'I_J -> 'I_K.              (* the class that is claimed to own point j *)

Definition nearer (v : 'rV[R]_d) l k : bool := norm (v - mean l) < norm (v - mean k).

(* the mean of the claimed class is the nearest to point j *)
Definition owned j : bool := [forall k, (k != owner j) ==> nearer (point j) (owner j) k].

(* the samples with a view that G_f does not classify as it should; a tie is an error *)
Definition misclassified_in_a_view : {set Sample} :=
  [set x | [exists i, [exists k, (k != label x) && ~~ nearer (f x i) (label x) k]]].

(* the samples that have every view at a point of A that is claimed for their class *)
Definition inside (A : {set 'I_J}) : {set Sample} :=
  [set x | [forall i, [exists j, [&& j \in A, owner j == label x & f x i == point j]]]].

(* where the points of A are owned as claimed, Err(G_f) with any view counted is at most 1 - mass *)
(* Claim population-points: what owned points say of the error, for any means *)
Theorem error_of_owned_points (A : {set 'I_J}) : is_law mass -> (forall j, j \in A -> owned j) ->
  probability mass misclassified_in_a_view <= 1 - probability mass (inside A).
Proof.
move=> law owned_A; rewrite -(probabilityC law.2) probability_le //; apply/subsetP => x; rewrite !inE.
case/existsP => i /existsP[k /andP[other]]; apply: contra => /forallP/(_ i)/existsP[j /and3P[jA /eqP owner_j /eqP at_j]].
by move: (owned_A j jA) => /forallP/(_ k); rewrite owner_j other at_j.
Qed.

(* won j k: the event that the bet on mu_l, l = owner j, being nearer to v_j than mu_k reaches 1/a; all_won j: all these *)
Definition all_won (Omega : finType) (won : 'I_J -> 'I_K -> {set Omega}) j : {set Omega} :=
  \bigcap_(k | k != owner j) won j k.

Lemma owned_as_claimed (Omega : finType) (weight : Omega -> R) (won : 'I_J -> 'I_K -> {set Omega}) a :
  is_law weight -> 0 <= a ->
  (forall j k, k != owner j -> ~~ nearer (point j) (owner j) k -> probability weight (won j k) <= a) ->
  1 - a <= probability weight [set w | [forall j, (j \in accepted (all_won won) w) ==> owned j]].
Proof.
move=> law a_ge0 rare; have order := @fixed_order _ _ weight J (fun j => ~~ owned j) (all_won won) law a a_ge0.
rewrite (_ : [set w | _] = ~: [set w | [exists j, ~~ owned j && (j \in accepted (all_won won) w)]]).
  rewrite (probabilityC law.2) ler_add2l ler_opp2; apply: order => j.
  rewrite negb_forall => /existsP[k]; rewrite negb_imply => /andP[other not_nearer].
  by apply: le_trans (rare j k other not_nearer); apply: (probability_le law); apply: bigcap_inf.
apply/setP => w; rewrite !inE negb_exists; apply: eq_forallb => j.
by rewrite negb_and negbK implybE orbC.
Qed.

(* n draws from the population, J points in their order. A bet on what is false wins with probability at most a
   (`population_bets`); low bounds a mass from the number of draws inside, with probability 1 - a (`lower_bound`). The
   masses of the first 1, .., J points and the owners of all that are accepted then share the level 1 - (J + 1) a *)
(* Claim population-points: finite probability spaces; bets are any events that seldom happen where they should not *)
Theorem points_at_a_level n (won : 'I_J -> 'I_K -> {set {ffun 'I_n -> Sample}}) (low : nat -> R) a :
  let draws := product_law (fun _ : 'I_n => mass) in
  (0 < m)%N -> is_law mass -> 0 <= a -> lower_bound n a low -> low 0%N = 0 ->
  (forall j k, k != owner j -> ~~ nearer (point j) (owner j) k -> probability draws (won j k) <= a) ->
  1 - J.+1%:R * a <= probability draws
    [set w | probability mass misclassified_in_a_view
             <= 1 - low (hits (inside (accepted (all_won won) w)) w)].
Proof.
move=> draws m_gt0 law a_ge0 bound low0 rare; have law_draws : is_law draws by apply: product_is_law.
pose upto (j : 'I_J) := [set j' : 'I_J | (j' <= j)%N].
pose bounded j : {set {ffun 'I_n -> Sample}} :=
  [set w | low (hits (inside (upto j)) w) <= probability mass (inside (upto j))].
have each j : 1 - a <= probability draws (bounded j) by apply: clopper_pearson_lower.
have all_bounded : 1 - J%:R * a <= probability draws (\bigcap_j bounded j).
  rewrite ler_subl_addl -ler_subl_addr -(probabilityC law_draws.2) setC_bigcap.
  apply: le_trans (probability_bigcup law_draws.1 _) _.
  rewrite mulr_natl -[X in _ *+ X]card_ord -sumr_const; apply: ler_sum => j _.
  by rewrite (probabilityC law_draws.2) ler_subl_addr -ler_subl_addl.
have := probability_cap law_draws (owned_as_claimed law_draws a_ge0 rare) all_bounded.
rewrite (_ : a + J%:R * a = J.+1%:R * a); last by rewrite -addn1 natrD mulrDl mul1r addrC.
move/le_trans; apply; apply: (probability_le law_draws); apply/subsetP => w.
rewrite !inE => /andP[/forallP all_owned /bigcapP in_bounds].
set A := accepted _ w in all_owned *.
have owned_A j : j \in A -> owned j by move/(implyP (all_owned j)).
apply: le_trans (error_of_owned_points law owned_A) _; rewrite ler_add2l ler_opp2.
have [A0|[j0 j0A]] := set_0Vmem A.
  have nothing : inside A = set0.
    apply/setP => x; rewrite !inE; apply/negP => /forallP/(_ (Ordinal m_gt0))/existsP[j].
    by rewrite A0 inE.
  rewrite nothing /hits big1 => [|i _]; last by rewrite inE.
  by rewrite low0 /probability big_set0.
have [j jA most] := @arg_maxnP _ j0 (mem A) val j0A.
have -> : A = upto j.
  apply/setP => j'; rewrite [RHS]inE; apply/idP/idP => [/most//|le].
  move: jA; rewrite !inE => /forallP below; apply/forallP => j''; apply/implyP => le'.
  by apply: (implyP (below j'')); apply: leq_trans le.
by have := in_bounds j isT; rewrite inE.
Qed.

End Points.
