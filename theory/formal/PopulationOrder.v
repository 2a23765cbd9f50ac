(* Points that encoders place features at, tried in a fixed order: how rarely one is accepted that its claimed class does not
   own, and what accepted points say of the error with any view counted. Probability spaces are finite. *)
From mathcomp Require Import all_ssreflect all_algebra.
From ContrastiveTheory Require Import Vectors Population Laws.
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
(* Claim population-points: the fixed order: any J, any events; a is divided by nothing *)
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

(* Features that take a few values: the points. Samples weigh as the population has them and have m views each; the means may
   be any vectors, those of the classes make G_f *)
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

(* bets on the points: won j k is the event that the bet on mu_{owner j} being nearer to v_j than mu_k reaches 1/a, which
   where that is false has probability at most a (`population_bets`); low is a lower bound of the mass inside the points
   accepted, which fails with probability at most b *)
(* Claim population-points: finite probability spaces; that counts give such a lower bound is not formal *)
Theorem points_in_order (Omega : finType) (weight : Omega -> R) (won : 'I_J -> 'I_K -> {set Omega}) (low : Omega -> R) a b :
  is_law weight -> is_law mass -> 0 <= a ->
  (forall j k, k != owner j -> ~~ nearer (point j) (owner j) k -> probability weight (won j k) <= a) ->
  1 - b <= probability weight
    [set w | low w <= probability mass (inside (accepted (fun j => \bigcap_(k | k != owner j) won j k) w))] ->
  1 - (a + b) <= probability weight [set w | probability mass misclassified_in_a_view <= 1 - low w].
Proof.
move=> law law_mass a_ge0 rare low_holds; set all_won := fun j => \bigcap_(k | _) _ in low_holds *.
have order := @fixed_order _ _ weight J (fun j => ~~ owned j) all_won law a a_ge0.
have {}order : 1 - a <= probability weight (~: [set w | [exists j, ~~ owned j && (j \in accepted all_won w)]]).
  rewrite (probabilityC law.2) ler_add2l ler_opp2; apply: order => j.
  rewrite negb_forall => /existsP[k]; rewrite negb_imply => /andP[other not_nearer].
  by apply: le_trans (rare j k other not_nearer); apply: (probability_le law); apply: bigcap_inf.
apply: le_trans (probability_cap law order low_holds) _; apply: (probability_le law).
apply/subsetP => w; rewrite !inE negb_exists => /andP[/forallP all_owned low_w].
apply: le_trans (_ : 1 - probability mass (inside (accepted all_won w)) <= _); last by rewrite ler_add2l ler_opp2.
apply: (error_of_owned_points law_mass) => j j_accepted.
by move: (all_owned j); rewrite j_accepted andbT negbK.
Qed.

End Points.
