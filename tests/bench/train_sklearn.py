"""The scikit-learn pipeline that train.sh times, on one thread, on the same prompts.

usage: train_sklearn.py routellm|outcomes DIR C [ROWS]
prints: features SECONDS, fit SECONDS, kbytes PEAK, objective SUM; with ROWS same OBJECTIVE

TfidfVectorizer of word 1-2-grams and a one-hot task, one LogisticRegression (liblinear) per model.
Processor time, reading the files aside; best of three. The objective |w|^2/2 + C sum log(1 + exp(-y
w.x)) is summed over the models; `same` is that of one fit on the rows in ROWS (bench_train wrote
them). Both programs stop where the gradient is tol x min(n+, n-)/n of that at w = 0.
"""
import csv, glob, gzip, json, os, resource, sys, time

csv.field_size_limit(10**9)
form, folder, C = sys.argv[1], sys.argv[2], float(sys.argv[3])


def lines(path):
    f = gzip.open(path + ".gz", "rt") if os.path.exists(path + ".gz") else open(path)
    return map(json.loads, f)


texts, tasks, scores = [], [], []
if form == "routellm":
    for path in sorted(glob.glob(folder + "/*.csv")):
        for row in csv.DictReader(open(path, newline="")):
            models = [c for c in row if c != "prompt" and row[c] in ("True", "False")]
            texts.append(row["prompt"])
            tasks.append(os.path.basename(path))
            scores.append([row[m] == "True" for m in models])
else:
    by_prompt = {}
    for x in lines(folder + "/outcomes.jsonl"):
        by_prompt.setdefault(x["prompt_id"], {})[x["model"]] = x["score"]
    models = sorted({m for v in by_prompt.values() for m in v})
    for p in lines(folder + "/prompts.jsonl"):
        texts.append(p["prompt"])
        tasks.append(p["task"])
        scores.append([by_prompt[p["prompt_id"]][m] >= 0.5 for m in models])

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

Y = np.array(scores)
best = None


def objective(fit, X, y):
    w = np.append(fit.coef_[0], fit.intercept_[0])
    margin = np.where(y > 0, 1, -1) * fit.decision_function(X)
    return w @ w / 2 + C * np.logaddexp(0, -margin).sum()


for _ in range(3):
    t0 = time.process_time()
    X = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    T = OneHotEncoder().fit_transform(np.array(tasks)[:, None])
    X = sp.hstack([X, T]).tocsr()
    t1 = time.process_time()
    fits = []
    for m in range(Y.shape[1]):
        fits.append(LogisticRegression(C=C, solver="liblinear", tol=1e-3).fit(X, Y[:, m]))
    t2 = time.process_time()
    if best is None or t2 - t0 < sum(best):
        best = (t1 - t0, t2 - t1)
print(f"features {best[0]:.4f}\nfit {best[1]:.4f}")
print("kbytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print("objective %.4f" % sum(objective(f, X, Y[:, m]) for m, f in enumerate(fits)))
if len(sys.argv) > 4:
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(sys.argv[4])
    print("same %.6f" % objective(LogisticRegression(C=C, solver="liblinear", tol=1e-3).fit(X, y), X, y))
