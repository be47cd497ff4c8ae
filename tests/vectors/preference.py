#!/usr/bin/python3
"""Writes preference.h: Bradley-Terry heads by scipy's BFGS, from the objective as it is written.

    /usr/bin/python3 tests/vectors/preference.py > tests/vectors/preference.h

Debian 12: python3-scipy (1.10.1), python3-numpy (1.24.2). Nothing of liblinear is used: half the
squared norm of all weights, and C times the log loss of each vote at s_a(x) - s_b(x) + h.
"""
import numpy as np
import scipy
from scipy.optimize import minimize

rng = np.random.default_rng(5)
N, D, M, V = 40, 3, 4, 90
X = np.round(rng.normal(size=(N, D)), 2)
true = rng.normal(size=(M, D + 1))
vote = []
for i in np.sort(rng.integers(0, N, V)):
    a, b = rng.choice(M, 2, replace=False)
    z = (true[a] - true[b]) @ np.r_[X[i], 1] + 0.4
    y = 0.5 if rng.random() < 0.15 else float(rng.random() < 1 / (1 + np.exp(-z)))
    vote.append((i, a, b, y))
F = np.c_[X * np.sqrt(N / (X**2).sum()), np.ones(N)]  # mean square norm 1, and the model's own bias


def objective(w, C):
    W, h, f, g = w[:-1].reshape(M, D + 1), w[-1], 0.5 * w @ w, w.copy()
    G = g[:-1].reshape(M, D + 1)
    for i, a, b, y in vote:
        z = (W[a] - W[b]) @ F[i] + h
        p = 1 / (1 + np.exp(-z))
        f -= C * (y * np.log(p) + (1 - y) * np.log(1 - p))
        G[a] += C * (p - y) * F[i]
        G[b] -= C * (p - y) * F[i]
        g[-1] += C * (p - y)
    return f, g


def array(name, values, ctype="double"):
    text = ", ".join(repr(float(v)) if ctype == "double" else str(int(v)) for v in values)
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 94:
            lines.append(line)
            line = ""
        line = (line + " " + word) if line else word
    lines.append(line)
    body = "\n    ".join(lines)
    print(f"static const {ctype} {name}[{len(values)}] = {{\n    {body},\n}};")


print(f"/* Written by preference.py from scipy {scipy.__version__}: do not edit. */")
print("#ifndef TESTS_VECTORS_PREFERENCE_H\n#define TESTS_VECTORS_PREFERENCE_H\n")
print(f"enum {{ PREF_N = {N}, PREF_D = {D}, PREF_M = {M}, PREF_V = {V}, PREF_FITS = 3 }};")
C = [0.3, 2.0, 20.0]
array("pref_c", C)
array("pref_x", X.ravel())
array("pref_vote", np.array([v[:3] for v in vote]).ravel(), "int")
array("pref_outcome", [v[3] for v in vote])
fits = [minimize(objective, np.zeros(M * (D + 1) + 1), args=(c,), jac=True, method="BFGS",
                 options={"gtol": 1e-11, "maxiter": 10000}).x for c in C]
array("pref_w", np.concatenate(fits))
print("\n#endif")
