#!/usr/bin/python3
"""Writes posterior.h: confidence heads by scikit-learn's liblinear solver, solved to the end.

    /usr/bin/python3 tests/vectors/posterior.py > tests/vectors/posterior.h

Debian 12: python3-sklearn (1.2.1), python3-numpy (1.24.2). Two models, two tasks; replies of model 0
lack log-probabilities now and then, those of model 1 always have them, no reply has an entropy.
C is chosen by the out-of-fold log loss of a model's own head, upwards, up to the first that is no
better, then the smallest within a standard error of the best. Columns as train/posterior.h describes them: standardised signals, an indicator where one is
missing, then per task a bias and slopes that are not centred.
"""
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(5)
N, GRID = 160, (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
q = np.round(np.clip(rng.beta(4, 2, (N, 2)), 0.02, 0.98), 4)
task = rng.integers(0, 2, N)
fold = rng.integers(0, 3, N)
mean = np.round(-rng.exponential(0.4, (N, 2)), 4)
least = np.round(mean - rng.exponential(1.0, (N, 2)), 4)
size = np.round(rng.exponential(60, (N, 2)))
gone = rng.random(N) < 0.15
logit = lambda p: np.log(p / (1 - p))
z = logit(q) + np.where(task[:, None] == 0, 2.0, 0.5) * (0.5 + 1.5 * mean)
y = (rng.random((N, 2)) < 1 / (1 + np.exp(-z))).astype(float)
mean[gone, 0] = least[gone, 0] = np.nan


def columns(a, b):
    signals = [logit(q[:, a])] + ([logit(q[:, b])] if a != b else [])
    signals += [mean[:, a], least[:, a], np.log(-np.expm1(np.minimum(mean[:, a], -1e-6)))]
    signals += [np.log1p(size[:, a])]
    X = []
    for s in signals:
        X.append(np.nan_to_num((s - np.nanmean(s)) / np.nanstd(s)))
    for s in signals:
        if np.isnan(s).any():
            X.append(np.isnan(s).astype(float))
    tail = np.log(-np.expm1(np.minimum(mean[:, a], -1e-6)))
    for t in range(2):
        on = (task == t).astype(float)
        X.append(on)
        for s in (mean[:, a], tail):
            X.append(on * np.nan_to_num(s / np.nanstd(s)))
    return np.column_stack(X)


def fit(X, y, C):
    return LogisticRegression(C=C, solver="liblinear", tol=1e-10, max_iter=10000).fit(X, y)


def choose(a):
    losses, X = [], columns(a, a)
    for c in GRID:
        p = np.zeros(N)
        for k in range(3):
            p[fold == k] = fit(X[fold != k], y[fold != k, a], c).predict_proba(X[fold == k])[:, 1]
        losses.append(-np.where(y[:, a] > 0, np.log(p), np.log(1 - p)))
        if len(losses) > 1 and not losses[-1].mean() <= losses[-2].mean():
            losses.pop()
            break
    best = losses[-1]
    for c, loss in zip(GRID, losses):
        d = loss - best
        if d.mean() <= d.std(ddof=1) / np.sqrt(N):
            return c


def array(name, values, ctype="double"):
    words = ["NAN" if np.isnan(v) else repr(float(v)) for v in values]
    if ctype != "double":
        words = [str(int(v)) for v in values]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 90:
            lines.append(line.rstrip())
            line = ""
        line += word + ", "
    lines.append(line.rstrip())
    print(f"static const {ctype} {name}[{len(values)}] = {{\n    " + "\n    ".join(lines) + "\n};")


print(f"/* Written by posterior.py from scikit-learn {sklearn.__version__}: do not edit. */")
print("#ifndef TESTS_VECTORS_POSTERIOR_H\n#define TESTS_VECTORS_POSTERIOR_H\n")
print("#include <math.h>\n")
print(f"enum {{ POSTERIOR_N = {N} }};")
array("posterior_prior", q.ravel())
array("posterior_task", task, "int")
array("posterior_fold", fold, "int")
array("posterior_mean", mean.ravel())
array("posterior_min", least.ravel())
array("posterior_bytes", size.ravel())
array("posterior_y", y.ravel())
p = np.zeros((N, 2, 2))
C = [choose(0), choose(1)]
for a in range(2):
    for b in range(2):
        X = columns(a, b)
        p[:, a, b] = fit(X, y[:, b], C[a]).predict_proba(X)[:, 1]
print("/* [prompt][replied][asked about] */")
array("posterior_q", p.ravel())
print("\n#endif")
