#!/usr/bin/python3
"""Writes stat.h: reference values for core/stat from numpy, scipy and scikit-learn.

    /usr/bin/python3 tests/vectors/stat.py > tests/vectors/stat.h

Debian 12: python3-sklearn (1.2.1), python3-scipy (1.10.1), python3-numpy (1.24.2).
"""
from fractions import Fraction

import numpy as np
import scipy
import sklearn
from scipy import integrate, special, stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss, log_loss

rng = np.random.default_rng(7)


def num(x):
    return repr(float(x))


def array(name, values, ctype="double"):
    values = list(values)
    text = ", ".join(num(v) if ctype == "double" else str(int(v)) for v in values)
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 94:
            lines.append(line)
            line = ""
        line = (line + " " + word) if line else word
    lines.append(line)
    body = "\n    ".join(lines)
    print(f"static const {ctype} {name}[{len(values)}] = {{\n    {body},\n}};")


def scalar(name, value):
    print(f"static const double {name} = {num(value)};")


def rows(name, fields, values):
    print("static const struct {\n    double " + ", ".join(fields) + ";\n} " + name + "[] = {")
    for v in values:
        print("    {" + ", ".join(num(x) for x in v) + "},")
    print("};")


print("/* Written by stat.py from numpy %s, scipy %s, scikit-learn %s: do not edit. */"
      % (np.__version__, scipy.__version__, sklearn.__version__))
print("#ifndef TESTS_VECTORS_STAT_H\n#define TESTS_VECTORS_STAT_H\n\n#include <stddef.h>\n")

# Samples: x skewed, w weights with zeros among them, some ties.
N = 60
x = np.round(rng.gamma(2.0, 3.0, N), 3)
w = np.round(rng.uniform(0, 3, N), 2)
w[[3, 17, 40]] = 0
array("vec_x", x)
array("vec_w", w)
scalar("vec_mean", np.mean(x))
scalar("vec_wmean", np.average(x, weights=w))
scalar("vec_sd", np.std(x, ddof=1))
rows("vec_quantile", ["p", "want"], [(p, np.quantile(x, p)) for p in
     (0, .01, .025, .05, .25, .5, .6180339887, .75, .9, .95, .975, .999, 1)])
ties = np.round(rng.normal(0, 2, 101))
array("vec_order_x", ties)
array("vec_order", np.argsort(ties, kind="stable"), "size_t")

ps = [1e-300, 1e-100, 1e-20, 1e-10, 1e-6, .001, .01, .025, .05, .07, .075, .1, .3, .4999, .5,
      .5001, .7, .9, .925, .93, .95, .975, .99, .999, .999999, 1 - 1e-12]
rows("vec_norm_quantile", ["p", "want"], [(p, stats.norm.ppf(p)) for p in ps])
rows("vec_norm_cdf", ["z", "want"], [(z, stats.norm.cdf(z)) for z in
     (-37, -20, -8, -5, -3, -1.96, -1, -.3, -1e-8, 0, 1e-8, .3, 1, 1.96, 3, 5, 8)])
def t_quantile(p, df):
    """scipy's quantile is good to ten digits; Newton gives the rest, on its incomplete beta function
    or, as that loses digits for many degrees of freedom, on the density integrated numerically."""
    if p > .5:
        return -t_quantile(1 - p, df)  # 1 - p is exact here, 1 - tail below would not be
    t = stats.t.ppf(p, df)

    def density(u):
        return np.exp(-(df + 1) / 2 * np.log1p(u * u / df))

    def area(a, b):
        return integrate.quad(density, a, b, epsabs=0, epsrel=1e-13, limit=500)[0]

    half = area(0, 3) + area(3, 12) if df >= 100 else None
    for _ in range(5):
        if df >= 100:
            tail = (area(abs(t), max(6, 2 * abs(t))) + area(max(6, 2 * abs(t)), 14)) / half / 2
        else:
            tail = special.betainc(df / 2, .5, df / (df + t * t)) / 2
            if t * t < df:  # the argument near 1 has lost digits: from the other side
                tail = .5 - special.betainc(.5, df / 2, t * t / (df + t * t)) / 2
        t -= ((tail if t < 0 else 1 - tail) - p) / stats.t.pdf(t, df)
    return t


rows("vec_t_quantile", ["p", "df", "want"], [(p, df, t_quantile(p, df)) for df in
     (.7, 1, 1.5, 2, 3, 4.5, 5, 9, 10, 19, 30, 31.4, 59, 120, 500, 1000, 9999, 1e4, 1e5, 1e8) for p in
     (.0005, .01, .025, .2, .45, .6, .75, .9, .95, .975, .995, .9999)])
rows("vec_binom", ["b", "c", "want"], [(b, c, stats.binomtest(b, b + c, .5).pvalue) for b, c in
     [(0, 1), (0, 5), (1, 9), (3, 7), (5, 5), (6, 5), (2, 12), (10, 25), (40, 41), (40, 70),
      (100, 161), (480, 520), (1000, 1200), (0, 400), (5000, 5300), (50000, 49000),
      (500000, 500001), (1000000, 1003000)]])

# The same in whole numbers, rounded once.
def binom_exact(b, c):
    n, term, total = b + c, 1, 0
    for i in range(min(b, c) + 1):
        total += term
        term = term * (n - i) // (i + 1)
    return min(Fraction(1), Fraction(2 * total, 2**n))


rows("vec_binom_exact", ["b", "c", "want"], [(b, c, binom_exact(b, c)) for b, c in
     [(0, 9), (1, 14), (7, 9), (8, 15), (12, 30), (16, 17), (15, 300), (200, 260), (1000, 1100),
      (5000, 5300)]])

# Losses: soft probabilities against hard outcomes.
p = rng.permutation(np.round((np.arange(N) + rng.uniform(.1, .9, N)) / N, 6))
y = (rng.uniform(size=N) < p).astype(float)
array("vec_p", p)
array("vec_y", y)
scalar("vec_log_loss", log_loss(y, p))
scalar("vec_brier", brier_score_loss(y, p))


def ece(p, y, bins):
    """Bins of equal count by numpy's split; exact when bins divides n and p has no ties."""
    assert len(np.unique(p)) == len(p) and len(p) % bins == 0
    order = np.argsort(p)
    return sum(len(b) / len(p) * abs(p[b].mean() - y[b].mean()) for b in np.split(order, bins))


rows("vec_ece", ["bins", "want"], [(b, ece(p, y, b)) for b in (1, 2, 5, 10, 15, 60)])

# Platt: the same objective in scikit-learn: columns (f, 1), no intercept, C = 1 / ridge, a soft
# target as two weighted rows.
def platt(f, y, w):
    n = w.sum()
    X = np.column_stack([f, np.ones_like(f)])
    model = LogisticRegression(C=1 / (1e-6 * n), fit_intercept=False, solver="newton-cg",
                               tol=1e-6, max_iter=10000)
    model.fit(np.vstack([X, X]), np.r_[np.ones_like(f), np.zeros_like(f)],
              sample_weight=np.r_[w * y, w * (1 - y)])
    c = model.coef_[0]
    for _ in range(5):  # the solver stops early where classes are separable: its last digits
        q = special.expit(X @ c)
        gradient = X.T @ (w * (q - y)) + 1e-6 * n * c
        c = c - np.linalg.solve((X.T * (w * q * (1 - q))) @ X + 1e-6 * n * np.eye(2), gradient)
    return c


f = np.round(rng.normal(0.4, 1.7, N), 4)
hard = (rng.uniform(size=N) < 1 / (1 + np.exp(-(0.8 * f - 0.5)))).astype(float)
soft = np.round(np.clip(1 / (1 + np.exp(-(1.3 * f + 0.2))) + rng.normal(0, .1, N), 0, 1), 3)
array("vec_platt_f", f)
array("vec_platt_hard", hard)
array("vec_platt_soft", soft)
one = np.ones(N)
rows("vec_platt", ["a", "b"], [platt(f, hard, one), platt(f, soft, one), platt(f, soft, w),
                               platt(f, (f > 0.4).astype(float), one)])

# Ridge with an intercept column, unpenalised, and weights; and without.
D = 5
A = np.round(rng.normal(0, 1, (N, D)) * np.array([1, 10, .1, 3, 1]) + np.array([0, 5, 1, 0, 2]), 4)
t = np.round(A @ np.array([.5, -.2, 4, 0, 1]) + 3 + rng.normal(0, .5, N), 4)
array("vec_ridge_x", np.column_stack([A, np.ones(N)]).ravel())
array("vec_ridge_y", t)
m = Ridge(alpha=2.5, solver="svd").fit(A, t, sample_weight=w)
array("vec_ridge_free", np.r_[m.coef_, m.intercept_])
m = Ridge(alpha=.3, fit_intercept=False, solver="svd").fit(np.column_stack([A, np.ones(N)]), t)
array("vec_ridge_all", m.coef_)
m = np.linalg.lstsq(np.column_stack([A, np.ones(N)]), t, rcond=None)[0]
array("vec_ridge_none", m)

# Holm from its definition: p~(i) = max over j <= i of min(1, (m - j) p(j)), j from 0.
raw = np.array([.01, .04, .03, .005, .005, .2, .9, .0001, .049, 1.0, .012])
order = np.argsort(raw, kind="stable")
adjusted = np.empty_like(raw)
for i, k in enumerate(order):
    adjusted[k] = max(min(1, (len(raw) - j) * raw[order[j]]) for j in range(i + 1))
array("vec_holm_p", raw)
array("vec_holm", adjusted)
print("\n#endif")
