#!/usr/bin/python3
"""The same sweep and resampling with numpy, vectorised as far as it goes: envelopes by argmin over
models, one argsort, cumulative sums; resamples as one matrix product over 4,096 buckets and 512 knots.

usage: eval_numpy.py FILE PROMPTS      prints seconds and the point estimate
"""
import sys
import time
import numpy as np

path, n, models, resamples, buckets, knots = sys.argv[1], int(sys.argv[2]), 9, 2000, 4096, 512
q, c, s, r = np.fromfile(path).reshape(4, n, models)
t0 = time.time()
rows = np.arange(n)
cur = q.argmax(1)
first = cur.copy()
keys, who, da, dc = [], [], [], []
live = rows
while len(live):
    a = cur[live]
    dx = c[live, a][:, None] - c[live]
    with np.errstate(divide="ignore", invalid="ignore"):
        l = np.where(dx > 0, (q[live, a][:, None] - q[live]) / dx, np.inf)
    b = l.argmin(1)
    at = l[np.arange(len(live)), b]
    ok = np.isfinite(at)
    live, a, b, at = live[ok], a[ok], b[ok], at[ok]
    keys.append(at)
    who.append(live)
    da.append(s[live, b] - s[live, a])
    dc.append(r[live, b] - r[live, a])
    cur[live] = b
keys, who, da, dc = map(np.concatenate, (keys, who, da, dc))
order = np.argsort(keys, kind="stable")
keys, who, da, dc = keys[order], who[order], da[order], dc[order]
y = (s[rows, first].sum() + np.r_[0, np.cumsum(da)]) / n
x = (r[rows, first].sum() + np.r_[0, np.cumsum(dc)]) / n


def area(x, y, lo, hi):
    o = np.lexsort((y, x))
    x, y = x[o], y[o]
    g = np.r_[lo, x[(x > lo) & (x < hi)], hi]
    return np.trapz(np.interp(g, x, y), g) / (hi - lo)


def hull(x, y):
    h = []
    for a, b in sorted(zip(x.tolist(), y.tolist())):
        if h and b <= h[-1][1]:
            continue
        while len(h) > 1 and (h[-1][1] - h[-2][1]) * (a - h[-2][0]) <= (b - h[-2][1]) * (h[-1][0] - h[-2][0]):
            h.pop()
        h.append((a, b))
    return np.array(h).T


means = r.mean(0)
lo, hi = means.min(), means.max()
value = area(np.r_[x, lo], np.r_[y, s[:, means.argmin()].mean()], lo, hi)
t1 = time.time()
rng = np.random.default_rng(1)
bucket = rng.integers(0, buckets, n)
knot = np.minimum(np.arange(len(keys)) * (knots - 1) // max(1, len(keys)) + 1, knots - 1)
cell = bucket[who] * knots + knot


def table(start, delta):
    t = np.bincount(cell, weights=delta, minlength=buckets * knots).reshape(buckets, knots)
    t[:, 0] += np.bincount(bucket, weights=start, minlength=buckets)
    return np.cumsum(t, 1)


ty, tx = table(s[rows, first], da), table(r[rows, first], dc)
single = np.c_[tuple(np.bincount(bucket, weights=v[:, m], minlength=buckets) for v in (r, s) for m in range(models))]
size = np.bincount(bucket, minlength=buckets).astype(float)
count = rng.multinomial(buckets, np.full(buckets, 1 / buckets), resamples).astype(float)
total = (count @ size)[:, None]
by, bx, bs = count @ ty / total, count @ tx / total, count @ single / total
out = []
for k in range(resamples):
    cost, quality = bs[k, :models], bs[k, models:]
    m = cost.argmin()
    lo, hi = cost.min(), cost.max()
    xs, ys = np.r_[bx[k], cost[m]], np.r_[by[k], quality[m]]
    h = hull(xs, ys)
    out.append((area(xs, ys, lo, hi), area(h[0], h[1], lo, hi)))
out = np.sort(np.array(out), 0)
t2 = time.time()
print("# numpy: sweep %.3f s, %d resamples %.3f s" % (t1 - t0, resamples, t2 - t1))
print("# numpy: aiq_raw %.6f [%.5f, %.5f]" % (value, out[int(.025 * resamples), 0], out[int(.975 * resamples), 0]))
print("# numpy_sweep_seconds %.6f\n# numpy_total_seconds %.6f\n# numpy_aiq_raw %.9f" % (t1 - t0, t2 - t0, value))
