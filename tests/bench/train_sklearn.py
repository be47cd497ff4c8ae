"""The scikit-learn pipeline that train.sh times, on one thread, on the same prompts.

usage: train_sklearn.py routellm|outcomes DIR C     prints: features SECONDS, fit SECONDS, kbytes PEAK

TfidfVectorizer of word 1-2-grams and a one-hot task, one LogisticRegression (liblinear) per model.
Processor time, reading the files aside; best of two.
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
for _ in range(2):
    t0 = time.process_time()
    X = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    T = OneHotEncoder().fit_transform(np.array(tasks)[:, None])
    X = sp.hstack([X, T]).tocsr()
    t1 = time.process_time()
    for m in range(Y.shape[1]):
        LogisticRegression(C=C, solver="liblinear", tol=1e-3).fit(X, Y[:, m])
    t2 = time.process_time()
    if best is None or t2 - t0 < sum(best):
        best = (t1 - t0, t2 - t1)
print(f"features {best[0]:.4f}\nfit {best[1]:.4f}")
print("kbytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
