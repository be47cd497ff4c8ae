#!/usr/bin/python3
"""Vectors for the gate: clustered paired statistics with numpy and scipy.

usage: eval_gate.py > eval_gate.json      (Debian: python3-numpy, python3-scipy)
Scores are given to 17 digits; definitions in eval/gate.h.
"""
import json
import numpy as np
from scipy import stats


def figure(b, c, w, g, alpha, at):
    d = c - b
    mean = np.average(d, weights=w)
    sums = np.array([(w[g == k] * (d[g == k] - mean)).sum() for k in np.unique(g)])
    n = len(sums)
    se = np.sqrt(n / (n - 1) * (sums ** 2).sum()) / w.sum()
    half = se * stats.t.ppf(1 - alpha / 2, n - 1)
    return dict(difference=mean, se=se, lo=mean - half, hi=mean + half, p=2 * stats.t.sf(abs(mean - at) / se, n - 1))


cases = []
for seed, n, groups, drop in ((1, 300, 300, .0), (2, 400, 90, .15), (3, 60, 25, .05)):
    r = np.random.default_rng(seed)
    g, t = r.integers(0, groups, n), r.integers(0, 4, n)
    b = (r.uniform(size=n) < .8).astype(float)
    c = np.where(r.uniform(size=n) < .7, b, (r.uniform(size=n) < .8 - drop * 3 * (t == 1)).astype(float))
    w = r.integers(1, 3, n).astype(float)
    f = figure(b, c, w, g, .05, -.02)
    p = [figure(b[t == k], c[t == k], w[t == k], g[t == k], .05, -.02)["p"] for k in range(4)]
    order = np.argsort(p)
    holm, top = [0.0] * 4, 0.0
    for rank, k in enumerate(order):
        top = max(top, min(1.0, p[k] * (4 - rank)))
        holm[k] = top
    lost, won = int((b > c).sum()), int((b < c).sum())
    cases.append(dict(n=n, groups=groups, group=g.tolist(), task=t.tolist(), baseline=b.tolist(), candidate=c.tolist(),
                      weight=w.tolist(), holm=holm, lost=lost, won=won,
                      mcnemar=stats.binomtest(lost, lost + won).pvalue, **{k: float(v) for k, v in f.items()}))
print(json.dumps(dict(made_by="tests/vectors/eval_gate.py", cases=cases)))
