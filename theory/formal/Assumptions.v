(* Every theorem of this folder, and what they rest on together: Coq prints "Closed under the global context", that is, on
   no axiom. (Together, since Coq would walk through the whole library once for each theorem.) *)
From ContrastiveTheory Require Import Arcl2 Arcl2Squared AugmentedDistance Averages ClassMeans CrossCorrelation Duality
  Exponential Geometry HaoChen HaoChenDisjoint Hoeffding InfoNce Laws Lemma31 Lemma32 Lemma32Step LinearForm Losses
  MainParts Matrices McDiarmid Monotony NearestMeanLinear Population PopulationBets PopulationBinomial PopulationMean
  PopulationMeanTail PopulationOrder RobustAlignment Saunshi Scalars Setting Theorem1 Theorem1AlignedShare Theorem1Anchor
  Theorem1Angle Theorem1Cap Theorem1Derived Theorem1Ideal Theorem1Margin Theorem1Met Theorem1Misprint Theorem1Nesting
  Theorem1PerClass Theorem1Printed Theorem1Unfloored Theorem1Vertex Theorem2 Theorem2Printed Theorem2Sphere Theorem3
  Theorem3Balanced Theorem3Sharp Theorem4 Theorem4Centred Theorem4Chain Theorem4Floor Theorem4Spread Theorem4TauZero
  UniformIdentity Vectors ViewPairs.

Definition every_theorem := (
  (* Arcl2.v *)
  @arcl_2_corrected,
  @arcl_2_gap,
  @arcl_2_squared_from_one,
  (* Arcl2Squared.v *)
  @arcl_2_squared_fails,
  @arcl_2_squared_fails_below_one,
  (* AugmentedDistance.v *)
  @augmented_distance_is_no_metric,
  @main_part_is_no_ball,
  (* CrossCorrelation.v *)
  @cross_correlation_split,
  @lemma_4_1,
  (* Duality.v *)
  @duality,
  (* HaoChen.v *)
  @spectral_loss_factorises,
  @haochen_residual,
  @haochen_probe_error,
  @haochen_any_features,
  (* HaoChenDisjoint.v *)
  @disjoint_views_leave_no_gap,
  (* InfoNce.v *)
  @info_nce_split,
  @regulariser_ge_log2,
  (* Laws.v *)
  @markov,
  (* Lemma31.v *)
  @lemma_3_1,
  (* Lemma32.v *)
  @lemma_3_2_local,
  @lemma_3_2,
  (* Lemma32Step.v *)
  @lemma_3_2_step_fails,
  (* LinearForm.v *)
  @linear_form_least,
  @linear_form_bounds_nothing,
  (* McDiarmid.v *)
  @mcdiarmid,
  (* Monotony.v *)
  @richer_views_nearer,
  @richer_views_concentrate,
  (* NearestMeanLinear.v *)
  @nearest_mean_is_linear,
  (* Population.v *)
  @union_bound,
  @population_products,
  @anchor_main_part,
  (* PopulationBets.v *)
  @independent_wealth,
  @bet_range,
  @bet_unbiased,
  @population_bets,
  (* PopulationBinomial.v *)
  @hits_binomial,
  @clopper_pearson_lower,
  @clopper_pearson_upper,
  @clopper_pearson_both,
  (* PopulationMean.v *)
  @sample_mean_expected,
  @one_draw_moves_little,
  (* PopulationMeanTail.v *)
  @views_mean_short,
  @sample_mean_near,
  @sample_mean_near_sharp,
  (* PopulationOrder.v *)
  @fixed_order,
  @error_of_owned_points,
  @points_at_a_level,
  (* RobustAlignment.v *)
  @alignment_le_robust,
  @robust_within_factors,
  @robust_more_views,
  (* Saunshi.v *)
  @dealing_keeps_losses,
  @dealt_features_have_an_encoder,
  @disjoint_views_losses_see_no_classes,
  (* Theorem1.v *)
  @theorem_1,
  (* Theorem1AlignedShare.v *)
  @theorem_1_aligned_share_fails,
  (* Theorem1Anchor.v *)
  @theorem_1_anchor,
  @theorem_1_anchor_bounds,
  @anchored_views,
  @mean_near_anchor,
  (* Theorem1Angle.v *)
  @compatible_angle,
  (* Theorem1Cap.v *)
  @theorem_1_cap,
  @theorem_1_exact,
  (* Theorem1Derived.v *)
  @theorem_1_corrected,
  @theorem_1_sharp,
  @theorem_1_chord,
  (* Theorem1Ideal.v *)
  @theorem_1_ideal,
  @theorem_1_ideal_in_words,
  (* Theorem1Margin.v *)
  @theorem_1_cap_computed,
  @theorem_1_exact_computed,
  (* Theorem1Met.v *)
  @theorem_1_is_not_vacuous,
  (* Theorem1Misprint.v *)
  @theorem_1_misprint_fails,
  (* Theorem1Nesting.v *)
  @corrected_sharp,
  @corrected_chord,
  @sharp_cap,
  @chord_cap,
  @cap_exact,
  @corrected_printed,
  @printed_exact,
  (* Theorem1PerClass.v *)
  @theorem_1_per_class,
  (* Theorem1Printed.v *)
  @theorem_1_printed,
  (* Theorem1Unfloored.v *)
  @theorem_1_unfloored_fails,
  (* Theorem1Vertex.v *)
  @theorem_1_vertex,
  (* Theorem2.v *)
  @theorem_2_uniform_views,
  @theorem_2_uniform_views_sharp,
  @theorem_2_uniform_views_distance,
  (* Theorem2Printed.v *)
  @theorem_2_printed,
  (* Theorem2Sphere.v *)
  @theorem_2_uniform_views_sphere,
  (* Theorem3.v *)
  @theorem_3_vacuous,
  @theorem_3,
  @theorem_3_above_every_threshold,
  (* Theorem3Balanced.v *)
  @theorem_3_balanced,
  @balance,
  (* Theorem3Sharp.v *)
  @theorem_3_jensen,
  @theorem_3_sharp,
  (* Theorem4.v *)
  @theorem_4,
  (* Theorem4Centred.v *)
  @theorem_4_centred,
  (* Theorem4Chain.v *)
  @theorem_4_floor_mean_length,
  @theorem_4_chain_never_met,
  (* Theorem4Floor.v *)
  @theorem_4_floor,
  @theorem_4_floor_K,
  (* Theorem4Spread.v *)
  @theorem_4_scatter,
  @theorem_4_main_parts,
  (* Theorem4TauZero.v *)
  @theorem_4_tau_0_fails,
  (* UniformIdentity.v *)
  @uniform_identity_sees_no_classes,
  (* Vectors.v *)
  @cauchy_schwarz,
  @triangle
).

Print Assumptions every_theorem.
