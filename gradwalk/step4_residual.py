r"""Step 4, the residuals: h = x1 + m and x1 = x0 + a. Adding forward copies backward; two uses forward add backward."""


def add(meaning, adjustment):
    """An adjustment added to a meaning: h = x1 + m, and x1 = x0 + a. Shape (T, D)."""
    return meaning + adjustment  # (T, D)


def dL_dm(dL_dh):
    r"""h = x1 + m: move m and h moves by as much. The message to m is the message to h, whole.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial m_{tj}} = \sum_{s,c} \frac{\partial L}{\partial h_{sc}} \frac{\partial h_{sc}}{\partial m_{tj}}$$
    >>> same(dL_dm(dL_dh), einsum("sc,sctj->tj", dL_dh, dh_dm))

    Of all entries of h only h_tj contains m_tj, with the factor 1:
    $$= \frac{\partial L}{\partial h_{tj}}$$
    >>> same(dL_dm(dL_dh), einsum("tj->tj", dL_dh))
    """
    return dL_dh  # (T, D)


def dL_dx1_via_h(dL_dh):
    r"""h = x1 + m with m held: move x1 and h moves by as much. The direct road.

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,h} = \sum_{s,c} \frac{\partial L}{\partial h_{sc}} \frac{\partial h_{sc}}{\partial x1_{tj}}$$
    >>> same(dL_dx1_via_h(dL_dh), einsum("sc,sctj->tj", dL_dh, dh_dx1))

    Of all entries of h only h_tj contains x1_tj, with the factor 1:
    $$= \frac{\partial L}{\partial h_{tj}}$$
    >>> same(dL_dx1_via_h(dL_dh), einsum("tj->tj", dL_dh))
    """
    return dL_dh  # (T, D)


def dL_dx1(dL_dx1_via_h, dL_dx1_via_v):
    r"""x1 is one value with two uses, and both always run: what they report adds up.

    Nudge x1 by little. The change by way of h and the change by way of v add:
    $$\frac{\partial L}{\partial x1_{tj}} = \left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,h} + \left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,v}$$
    >>> same(dL_dx1(dL_dx1_via_h, dL_dx1_via_v), measured("x1"))
    """
    return dL_dx1_via_h + dL_dx1_via_v  # (T, D)


def dL_da(dL_dx1):
    r"""x1 = x0 + a: the message to a is the message to x1, whole. Copied, not split.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial a_{tj}} = \sum_{s,c} \frac{\partial L}{\partial x1_{sc}} \frac{\partial x1_{sc}}{\partial a_{tj}}$$
    >>> same(dL_da(dL_dx1), einsum("sc,sctj->tj", dL_dx1, dx1_da))

    Of all entries of x1 only x1_tj contains a_tj, with the factor 1:
    $$= \frac{\partial L}{\partial x1_{tj}}$$
    >>> same(dL_da(dL_dx1), einsum("tj->tj", dL_dx1))
    """
    return dL_dx1  # (T, D)


def dL_dx0_via_x1(dL_dx1):
    r"""x1 = x0 + a with a held: x0's direct road. Its other road leads through attention.

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial x0_{tj}} \right|_{\mathrm{via}\,x1} = \sum_{s,c} \frac{\partial L}{\partial x1_{sc}} \frac{\partial x1_{sc}}{\partial x0_{tj}}$$
    >>> same(dL_dx0_via_x1(dL_dx1), einsum("sc,sctj->tj", dL_dx1, dx1_dx0))

    Of all entries of x1 only x1_tj contains x0_tj, with the factor 1:
    $$= \frac{\partial L}{\partial x1_{tj}}$$
    >>> same(dL_dx0_via_x1(dL_dx1), einsum("tj->tj", dL_dx1))
    """
    return dL_dx1  # (T, D)


def dL_dx0(dL_dx0_via_x1, dL_dx0_via_n):
    r"""x0 is added to a, and it also feeds attention: the two roads add up.

    Nudge x0 by little. The change by way of x1 and the change by way of n add:
    $$\frac{\partial L}{\partial x0_{tj}} = \left. \frac{\partial L}{\partial x0_{tj}} \right|_{\mathrm{via}\,x1} + \left. \frac{\partial L}{\partial x0_{tj}} \right|_{\mathrm{via}\,n}$$
    >>> same(dL_dx0(dL_dx0_via_x1, dL_dx0_via_n), measured("x0"))
    """
    return dL_dx0_via_x1 + dL_dx0_via_n  # (T, D)
