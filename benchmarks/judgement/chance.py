"""Exact random counts in a few microseconds, however large: Poisson and binomial, and a beta-binomial rate."""

import random
from math import ceil, exp, floor, lgamma, log, log1p, sqrt


def poisson(chance: random.Random, mean: float) -> int:
    """By inversion when the mean is small, else by transformed rejection (PTRS; W. Hörmann, "The transformed rejection
    method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993)."""
    if mean <= 0:
        return 0
    if mean < 10:
        count, product, least = 0, chance.random(), exp(-mean)
        while product > least:
            product *= chance.random()
            count += 1
        return count
    b = 0.931 + 2.53 * sqrt(mean)
    a = 0.02483 * b - 0.059
    squeeze, scale, rate = 0.9277 - 3.6224 / (b - 2), log(1.1239 + 1.1328 / (b - 3.4)), log(mean)
    while True:
        u, v = chance.random() - 0.5, 1.0 - chance.random()
        edge = 0.5 - abs(u)
        if edge <= 0:
            continue
        k = floor((2 * a / edge + b) * u + mean + 0.43)
        if edge >= 0.07 and v <= squeeze:
            return k
        if k < 0 or (edge < 0.013 and v > edge):
            continue
        if log(v) + scale - log(a / (edge * edge) + b) <= k * rate - mean - lgamma(k + 1):
            return k


def binomial(chance: random.Random, count: int, rate: float) -> int:
    """By waiting times when few are expected, else by transformed rejection (BTRS; W. Hörmann, "The generation of
    binomial random variates", Journal of Statistical Computation and Simulation 46, 1993)."""
    if count <= 0 or rate <= 0:
        return 0
    if rate >= 1:
        return count
    if rate > 0.5:
        return count - binomial(chance, count, 1 - rate)
    if count * rate < 10:
        return _by_gaps(chance, count, rate)
    spread = sqrt(count * rate * (1 - rate))
    b = 1.15 + 2.53 * spread
    a = 0.0248 * b + 0.01 * rate - 0.0873
    squeeze, scale = 0.92 - 4.2 / b, (2.83 + 5.1 / b) * spread
    mode = floor((count + 1) * rate)
    odds, height = log(rate / (1 - rate)), lgamma(mode + 1) + lgamma(count - mode + 1)
    while True:
        u, v = chance.random() - 0.5, 1.0 - chance.random()
        edge = 0.5 - abs(u)
        if edge <= 0:
            continue
        k = floor((2 * a / edge + b) * u + count * rate + 0.5)
        if not 0 <= k <= count:
            continue
        if edge >= 0.07 and v <= squeeze:
            return k
        if log(v * scale / (a / (edge * edge) + b)) <= (
            height - lgamma(k + 1) - lgamma(count - k + 1) + (k - mode) * odds
        ):
            return k


def _by_gaps(chance: random.Random, count: int, rate: float) -> int:
    """The gaps between successes are geometric."""
    found, place, scale = 0, 0, log1p(-rate)
    while True:
        place += max(1, ceil(log(1.0 - chance.random()) / scale))
        if place > count:
            return found
        found += 1


def clustered(chance: random.Random, rate: float, correlation: float) -> float:
    """A rate drawn around `rate`, so that calls that share it have this intra-class correlation (beta-binomial)."""
    if correlation <= 0 or not 0 < rate < 1:
        return rate
    weight = 1 / correlation - 1
    return chance.betavariate(rate * weight, (1 - rate) * weight)
