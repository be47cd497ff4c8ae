#!/usr/bin/python3
"""Vectors for eval/: curves and metrics by brute force, with numpy, independent of the C code.

usage: eval_curves.py > eval_curves.json     (Debian: python3-numpy)

Every point of a router's curve is found by trying a lambda between each two neighbouring breakpoints
of any pair of models on any prompt. Definitions: the header comments of eval/metrics.h and
eval/curve.h.
"""
import json
import numpy as np


def curve(q, c, s, r, w):
    """Points (x, y) in order of lambda, 0 first, ending at the cheapest single model."""
    n, models = q.shape
    cut = set()
    for a in range(models):
        for b in range(models):
            d = c[:, a] - c[:, b]
            ok = d > 0
            cut |= set(((q[ok, a] - q[ok, b]) / d[ok]).tolist())
    cut = sorted(x for x in cut if x > 0)
    merged = []  # rounding may split one breakpoint in two
    for x in cut:
        if not merged or x - merged[-1] > 1e-9 * x:
            merged.append(x)
    tries = [0.0] + [(a + b) / 2 for a, b in zip(merged, merged[1:])] + ([merged[-1] * 2] if merged else [])
    rows = np.arange(n)
    pts = []
    for l in tries:
        u = q - l * c
        # ties: lower cost, then lower index
        best = np.array([min(range(models), key=lambda m: (-round(u[i, m], 12), c[i, m], m)) for i in range(n)])
        p = (float(np.average(r[rows, best], weights=w)), float(np.average(s[rows, best], weights=w)))
        if not pts or abs(p[0] - pts[-1][0]) > 1e-15 or abs(p[1] - pts[-1][1]) > 1e-15:
            pts.append(p)
    means = np.average(r, axis=0, weights=w)
    m = int(np.argmin(means))
    pts.append((float(means[m]), float(np.average(s[:, m], weights=w))))
    return pts


def hull(points):
    """Upper concave hull, non-decreasing, by testing every point against every pair."""
    top = []
    best = {}
    for x, y in points:
        best[x] = max(y, best.get(x, -9))
    pts = sorted(best.items())
    peak = max(y for _, y in pts)
    for i, (x, y) in enumerate(pts):
        if any(y2 >= y for x2, y2 in pts[:i]):
            continue
        under = False
        for j, (xa, ya) in enumerate(pts[:i]):
            for xb, yb in pts[i + 1:]:
                if xb > x and ya + (yb - ya) * (x - xa) / (xb - xa) >= y - 1e-15:
                    under = True
        if not under:
            top.append((x, y))
        if y == peak:
            break
    return top


def area(points, lo, hi):
    """Integral of the piecewise linear reading, constant beyond its ends, over [lo, hi] / (hi - lo)."""
    pts = sorted(points)
    total = 0.0
    segments = [(-1e9, pts[0][1], pts[0][0], pts[0][1])]
    segments += [(a[0], a[1], b[0], b[1]) for a, b in zip(pts, pts[1:])]
    segments += [(pts[-1][0], pts[-1][1], 1e9, pts[-1][1])]
    for xa, ya, xb, yb in segments:
        a, b = max(xa, lo), min(xb, hi)
        if b <= a:
            continue
        f = lambda x: ya + (yb - ya) * (x - xa) / (xb - xa)
        total += (b - a) * (f(a) + f(b)) / 2
    return total / (hi - lo)


def reading(h, x):
    return float(np.interp(x, [p[0] for p in h], [p[1] for p in h]))


def pair(q, s, w):
    """apgr, cpt50, cpt80 of models 0 (weak) and 1 (strong)."""
    d = q[:, 1] - q[:, 0]
    weak, strong = np.average(s[:, 0], weights=w), np.average(s[:, 1], weights=w)
    xs, ys = [0.0], [0.0]
    for level in sorted(set(d.tolist()), reverse=True):
        go = d >= level
        xs.append(float(w[go].sum() / w.sum()))
        ys.append(float(((s[go, 1] - s[go, 0]) * w[go]).sum() / w.sum() / (strong - weak)))
    grid = np.linspace(0, 1, 2000001)
    top = np.maximum.accumulate(np.array(ys))
    read = np.interp(grid, xs, top)
    cpt = []
    for want in (.5, .8):
        k = int(np.argmax(read >= want)) if (read >= want).any() else -1
        cpt.append(float(grid[k]) if k >= 0 else None)
    return float(np.trapz(ys, xs)), cpt[0], cpt[1]


def case(seed, n, models, weighted, tasks):
    g = np.random.default_rng(seed)
    ability = np.sort(g.uniform(.3, .8, models))
    price = np.sort(g.uniform(.1, 3, models))
    t = g.integers(0, tasks, n)
    hard = g.normal(0, .2, n)
    q = np.clip(ability[None, :] - hard[:, None] + g.normal(0, .1, (n, models)), .01, .99)
    c = price[None, :] * g.uniform(.5, 1.5, n)[:, None]
    if tasks > 1:  # a table of task means: many exact ties
        for k in range(tasks):
            q[t == k] = np.round(q[t == k].mean(0), 6)
            c[t == k] = np.round(c[t == k].mean(0), 6)
    s = (g.uniform(size=(n, models)) < np.clip(ability[None, :] - hard[:, None], 0, 1)).astype(float)
    s[g.uniform(size=(n, models)) < .1] = .5
    r = c * g.uniform(.7, 1.3, (n, models))
    w = g.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    if models == 2 and np.average(s[:, 1], weights=w) <= np.average(s[:, 0], weights=w):
        s[:, [0, 1]] = s[:, [1, 0]]
    pts = curve(q, c, s, r, w)
    means, cost = np.average(s, axis=0, weights=w), np.average(r, axis=0, weights=w)
    lo, hi = float(cost.min()), float(cost.max())
    h = hull(pts)
    best = max(range(models), key=lambda m: (means[m], -cost[m]))
    out = dict(n=n, models=models, q=q.ravel().tolist(), c=c.ravel().tolist(), score=s.ravel().tolist(),
               cost=r.ravel().tolist(), weight=w.tolist(), points=len(pts), hull_x=[p[0] for p in h],
               hull_y=[p[1] for p in h], aiq=area(h, lo, hi), aiq_raw=area(pts, lo, hi),
               aiq_singles=area(hull(list(zip(cost.tolist(), means.tolist()))), lo, hi),
               best_single=best, quality_at_best_single_cost=reading(h, cost[best]), quality_at_lambda_0=pts[0][1],
               oracle_quality=float(np.average(s.max(1), weights=w)))
    level = float(means[best])
    if max(p[1] for p in h) >= level:
        out["cost_share_at_best_single"] = float(np.interp(level, [p[1] for p in h], [p[0] for p in h]) / cost[best])
    if models == 2:
        out["apgr"], out["cpt50"], out["cpt80"] = pair(q, s, w)
    return out


cases = [case(1, 40, 3, False, 1), case(2, 60, 5, True, 1), case(3, 83, 2, False, 1), case(4, 60, 2, True, 4),
         case(5, 60, 4, False, 5), case(6, 1, 3, False, 1)]
print(json.dumps(dict(made_by="tests/vectors/eval_curves.py", cases=cases)))
