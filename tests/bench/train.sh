#!/bin/sh
# What training costs and gives on public replies, beside scikit-learn in the same run. Lines
# `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: train.sh BUILD [quick]
#
# Speed: processor time of one fit per model at one C on one thread, texts included (bench_train.c,
# train_sklearn.py). `over_solver` is that over the time inside liblinear for the same fits. On two
# threads it is the processor time of the busier one; the time on the wall, which is that on a free
# machine, is printed beside it, and the load. Both stop by the same rule, and the first model is
# fitted once more by scikit-learn on our rows: the objectives must agree.
# Quality: cross-fitted, seed 1, C and calibration chosen inside; eval/README.md defines the metrics.
# `quick` leaves the quality out. The data is read in ../shared (or SHUNT_SHARED).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd) || exit 2
quick=${2:-}
data=${SHUNT_SHARED:-$root/../shared}/datasets
if [ ! -d "$data" ]; then echo "# bench train: no data ($data is absent)"; exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

bench() { # NAME VALUE OPERATOR TARGET
    awk -v n="$1" -v v="$2" -v op="$3" -v t="$4" 'BEGIN {
        ok = op == ">=" ? v + 0 >= t + 0 : v + 0 <= t + 0
        printf "bench %s %s %s%s %s\n", n, v, op, t, ok ? "ok" : "short" }'
}
# The least of a figure over the rounds of one program.
field() { sed -n "s/^$2 //p" "$1".* | sort -g | head -n 1; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
sum() { awk -v a="$1" -v b="$2" -v c="${3:-0}" 'BEGIN { print a + b + c }'; }

one() { # NAME FORM FOLDER ENDTOEND-TARGET FOLDS METRIC TARGET
    store=$work/$1.db
    "$build/shunt" import --store "$store" --format "$2" "$data/$3" -q >/dev/null || exit 1
    echo "# $1: load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null)"
    rm -f "$work/ours".* "$work/theirs".*
    sklearn=$(/usr/bin/python3 -c 'import sklearn; print(1)' 2>/dev/null)
    for round in 1 2; do # in turns, so that both see the same machine
        "$build/bench_train" "$store" 0.5 "$work/rows" >"$work/ours.$round" || exit 1
        [ -n "$sklearn" ] || continue
        /usr/bin/python3 "$root/tests/bench/train_sklearn.py" "$2" "$data/$3" 0.5 "$work/rows" >"$work/theirs.$round" || exit 1
    done
    rm -f "$work/rows"
    features=$(sum "$(field "$work/ours" encode)" "$(field "$work/ours" features)")
    all=$(sum "$features" "$(field "$work/ours" fit)")
    echo "# $1: encode $(field "$work/ours" encode) s, features $(field "$work/ours" features) s, fit $(field "$work/ours" fit) s; two threads $(field "$work/ours" two) s ($(field "$work/ours" wall) s on the wall); columns $(field "$work/ours" columns), $(field "$work/ours" narrow) for the solver; objective $(field "$work/ours" objective)"
    bench "train_$1_over_solver" "$(ratio "$all" "$(field "$work/ours" fit)")" "<=" 1.3
    if [ -n "$sklearn" ]; then
        echo "# $1: scikit-learn features $(field "$work/theirs" features) s, fit $(field "$work/theirs" fit) s; objective $(field "$work/theirs" objective) on its features"
        echo "# $1: objective of the first model on our rows: ours $(field "$work/ours" objective_first), scikit-learn $(field "$work/theirs" same)"
        bench "train_$1_objective_over_sklearn" "$(awk -v a="$(field "$work/ours" objective_first)" -v b="$(field "$work/theirs" same)" 'BEGIN { printf "%.5f", a / b }')" "<=" 1.0005
        bench "train_$1_features_vs_sklearn" "$(ratio "$(field "$work/theirs" features)" "$features")" ">=" 8
        bench "train_$1_vs_sklearn" "$(ratio "$(sum "$(field "$work/theirs" features)" "$(field "$work/theirs" fit)")" "$all")" ">=" "$4"
        bench "train_$1_two_threads_vs_sklearn" "$(ratio "$(sum "$(field "$work/theirs" features)" "$(field "$work/theirs" fit)")" "$(field "$work/ours" two)")" ">=" "$(awk -v t="$4" 'BEGIN { print 2 * t }')"
        bench "train_$1_memory_vs_sklearn" "$(ratio "$(field "$work/ours" kbytes)" "$(field "$work/theirs" kbytes)")" "<=" 0.5
    else
        echo "# bench train: python3-sklearn is not installed, no ratios"
    fi
    [ -z "$quick" ] || return 0
    from=$(date +%s%N)
    "$build/shunt" train --store "$store" --cross-fit "$5" --seed 1 -q >/dev/null || exit 1
    echo "# $1: shunt train --cross-fit $5, everything chosen inside: $((($(date +%s%N) - from) / 1000000)) ms"
    "$build/shunt" eval --store "$store" --json -q >"$work/eval.json" || exit 1
    bench "train_$1_$6" "$(grep -o "\"$6\":[0-9.]*" "$work/eval.json" | head -n 1 | cut -d: -f2 | cut -c1-6)" ">=" "$7"
}

one mmlu routellm routellm/mmlu 2.5 10 apgr 0.705
one cascades outcomes cascades 1.5 5 aiq 0.832
