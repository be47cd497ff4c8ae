#!/usr/bin/python3
"""Writes train.h: logistic regressions by scikit-learn's liblinear solver, solved to the end.

    /usr/bin/python3 tests/vectors/train.py > tests/vectors/train.h

Debian 12: python3-sklearn (1.2.1), python3-numpy (1.24.2). Scores between 0 and 1 are two weighted
rows, as in train/README.md; weights of prompts are sample weights. Also text features: what
TfidfVectorizer calls smooth idf, over words that occur in two texts or more.
"""
import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

rng = np.random.default_rng(11)
N, D = 40, 6
X = np.round(rng.normal(size=(N, D)) * (rng.random((N, D)) < 0.6), 2)
true = np.array([1.5, -2, 0.7, 0, 0, 0.3])
p = 1 / (1 + np.exp(-(X @ true + 0.4)))
binary = (rng.random(N) < p).astype(float)
quarters = np.round(4 * np.clip(p + rng.normal(size=N) * 0.2, 0, 1)) / 4
weight = rng.integers(1, 4, N).astype(float)


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


def fit(y, w, C):
    XX, yy = np.vstack([X, X]), np.r_[np.ones(N), np.zeros(N)]
    ww = np.r_[w * y, w * (1 - y)]
    k = ww > 0
    m = LogisticRegression(C=C, solver="liblinear", tol=1e-12, max_iter=10000)
    m.fit(XX[k], yy[k], sample_weight=ww[k])
    return np.r_[m.coef_[0], m.intercept_]


print(f"/* Written by train.py from scikit-learn {sklearn.__version__}: do not edit. */")
print("#ifndef TESTS_VECTORS_TRAIN_H\n#define TESTS_VECTORS_TRAIN_H\n")
print(f"enum {{ TRAIN_N = {N}, TRAIN_D = {D}, TRAIN_FITS = 6 }};")
array("train_x", X.ravel())
array("train_binary", binary)
array("train_quarters", quarters)
array("train_weight", weight)
fits = []
for y in (binary, quarters):
    for w, C in ((np.ones(N), 0.5), (np.ones(N), 10.0), (weight, 1.0)):
        fits.append(fit(y, w, C))
array("train_w", np.array(fits).ravel())

texts = ["alpha beta gamma", "alpha beta delta", "alpha gamma epsilon", "beta delta alpha zeta",
         "eta alpha beta"]
v = TfidfVectorizer(min_df=2).fit(texts)
words = sorted(v.vocabulary_)
print("static const char *const train_word[] = {" + ", ".join(f'"{w}"' for w in words) + "};")
array("train_idf", [v.idf_[v.vocabulary_[w]] for w in words])

truth = rng.integers(0, 4, 60)
guess = np.clip(truth + rng.integers(-1, 2, 60), 0, 3)
array("train_truth", truth, "int")
array("train_guess", guess, "int")
kappa = cohen_kappa_score(truth, guess, weights="quadratic")
print(f"static const double train_kappa = {float(kappa)!r};")
print("\n#endif")
