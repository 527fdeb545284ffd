"""Step 4 on its own: adding forward copies backward, and two uses add up."""

import referee
from alone import SEEDS, Draw, check

from gradwalk import step3_layernorm
from gradwalk import step4_residual as step


@SEEDS
def test_adding_copies_the_message(seed):
    draw = Draw(seed)
    meaning, adjustment, upstream = draw("TD"), draw("TD"), draw("TD")
    for derived in (step.dL_dm(upstream), step.dL_da(upstream)):
        check(derived, upstream, lambda m: step.add(meaning, m), lambda m: meaning + m, adjustment)
    for derived in (step.dL_dx1_via_h(upstream), step.dL_dx0_via_x1(upstream)):
        check(derived, upstream, lambda x: step.add(x, adjustment), lambda x: x + adjustment, meaning)


@SEEDS
def test_two_uses_add_up(seed):
    """One value, used as it is and normed: the slope of both together is the sum of the two reports."""
    draw = Draw(seed)
    x, gamma, beta, to_h, to_v = draw("TD"), 1 + 0.5 * draw("D"), draw("D"), draw("TD"), draw("TD")
    only_v = step3_layernorm.pullback(to_v, x, gamma)

    def cost(x):
        return (to_h * x + to_v * referee.layernorm(x, gamma, beta)).sum()

    for join, direct in ((step.dL_dx1, step.dL_dx1_via_h), (step.dL_dx0, step.dL_dx0_via_x1)):
        check(join(direct(to_h), only_v), 1.0, cost, cost, x)
