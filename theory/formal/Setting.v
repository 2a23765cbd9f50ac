(* The setting of Huang et al. (ICLR 2023) on finite worlds: every definition that the theorems speak of, nothing else.

   A finite world has n samples with m views each. Sample i has a label and m feature vectors f i 0 .. f i (m-1) in
   dimension d; one of its views is the sample itself. All samples weigh the same, and so do all views of a sample, so a
   probability is a share of the samples and an expectation is a mean. Features have norm 1: lengths are in units of r.

   How to read the notation: 'I_n is the set {0, .., n-1}; 'rV[R]_d are the vectors of dimension d over R; {set 'I_n}
   are the sets of samples; #|A| is the number of elements of A; k%:R is the natural number k as a real number;
   x ^+ 2 is the square of x, x^-1 its inverse, a *: u a multiple of the vector u; :&: and ~: are intersection and
   complement; average (fun i => F i) is the mean of F over all i. R is any real closed field, for instance the real
   numbers. Division by 0 gives 0, hence a class without samples has mean 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From ContrastiveTheory Require Import Vectors Averages.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section World.
Variables (R : rcfType) (n m d K : nat).
Variable f : 'I_n -> 'I_m -> 'rV[R]_d.     (* f i j: features of view j of sample i *)
Variable label : 'I_n -> 'I_K.
Variable original : 'I_n -> 'I_m.          (* the view by which a sample is classified: the sample itself *)

Definition unit_features := forall i j, norm (f i j) = 1.

(* P[A] *)
Definition share (A : {set 'I_n}) : R := #|A|%:R / n%:R.

(* C_l, and its share p_l *)
Definition class (l : 'I_K) : {set 'I_n} := [set i | label i == l].

Definition class_share l : R := share (class l).

(* mu_l: the mean over the samples of class l and over their views *)
Definition class_mean l : 'rV[R]_d :=
  (#|class l| * m)%:R^-1 *: \sum_(i in class l) \sum_j f i j.

(* S_eps: the samples whose views are pairwise within eps in feature space; R_eps: the share of the others *)
Definition aligned (eps : R) : {set 'I_n} :=
  [set i | [forall j, forall j', norm (f i j - f i j') <= eps]].

Definition misaligned_share eps : R := share (~: aligned eps).

(* L_align: the mean over samples and over ordered pairs of independent uniform views of the squared distance *)
Definition alignment : R :=
  average (fun i => average (fun j => average (fun j' => norm (f i j - f i j') ^+ 2))).

(* Err(G_f) of the nearest-class-mean classifier G_f: a sample is misclassified when some other class mean is at least
   as near as the mean of its own class, so a tie counts as an error *)
Definition taken_for i k : bool :=
  norm (f i (original i) - class_mean k) <= norm (f i (original i) - class_mean (label i)).

Definition misclassified : {set 'I_n} := [set i | [exists k, (k != label i) && taken_for i k]].

Definition nearest_mean_error : R := share misclassified.

(* C is a main part of class l, measured in feature space: it has at least the share sigma of the class, and any two
   samples of it have a view each that lie within t of each other *)
Definition main_part (sigma t : R) l (C : {set 'I_n}) : Prop :=
  [/\ C \subset class l,
      sigma * #|class l|%:R <= #|C|%:R
    & forall i i', i \in C -> i' \in C -> exists j j', norm (f i j - f i' j') <= t].

(* alpha_l: the share of class l that is sure to lie in its main part and in S_eps; never below 0 *)
Definition alpha (sigma eps : R) l : R := Num.max 0 (sigma - misaligned_share eps / class_share l).

(* Delta_mu = 1 - min_l |mu_l|^2 and min_l p_l *)
Definition mean_shortfall : R := 1 - \big[Num.min/1]_l (norm (class_mean l) ^+ 2).

Definition smallest_share : R := \big[Num.min/1]_l class_share l.

End World.

(* Views as inputs of an encoder: the (sigma, delta)-augmentation of the paper *)
Section Inputs.
Variables (R : rcfType) (n m d K : nat).
Variable input : Type.
Variable dist : input -> input -> R.
Variable view : 'I_n -> 'I_m -> input.     (* view i j: view j of sample i *)
Variable encoder : input -> 'rV[R]_d.
Variable label : 'I_n -> 'I_K.

Definition features i j : 'rV[R]_d := encoder (view i j).

Definition lipschitz (L : R) := forall x y, norm (encoder x - encoder y) <= L * dist x y.

(* C has at least the share sigma of class l, and any two samples of C have views within delta of each other, that is,
   d_A(x, x') <= delta for all x, x' in C *)
Definition augmentation_main_part (sigma delta : R) l (C : {set 'I_n}) : Prop :=
  [/\ C \subset class label l,
      sigma * #|class label l|%:R <= #|C|%:R
    & forall i i', i \in C -> i' \in C -> exists j j', dist (view i j) (view i' j') <= delta].

End Inputs.

(* The forms of Theorem 1; s = L delta + 2 eps *)
Section Forms.
Variable R : rcfType.
Implicit Types alpha s rho : R.

Definition rho_printed (sigma ratio s : R) : R := 2%:R * (1 - sigma) + ratio + sigma * s.   (* ratio: R_eps / p_l *)
Definition rho_corrected alpha s : R := 2%:R * (1 - alpha) + alpha * s.
Definition rho_sharp alpha s : R := 2%:R * (1 - alpha) + alpha * (s ^+ 2 / 2%:R).
Definition threshold rho : R := 1 - rho - Num.sqrt (2%:R * rho).
Definition chord alpha s : R := (1 - alpha) + Num.sqrt ((1 - alpha) ^+ 2 + alpha * s ^+ 2).

End Forms.
