#!/bin/sh
# Router quality on public data, read in place (SHUNT_SHARED, ../shared): cross-fitted, over fold seeds.
#
#   tests/bench/quality.sh [SEEDS]        default 5
#
# Targets are those that a scikit-learn pipeline and the table of task means set on the same recipe
# (apgr .714 and .677 on RouteLLM's MMLU replies, aiq .835 and .829 on `cascades`; the best router
# published for the MMLU replies has apgr .603). Prints mean [range], then `bench` lines.
set -eu
cd "$(dirname "$0")/../.."
B=${SHUNT_BUILD:-build}
SHARED=${SHUNT_SHARED:-../shared}
SEEDS=${1:-5}
[ -d "$SHARED/datasets" ] || { echo "no public data at $SHARED/datasets; nothing measured"; exit 0; }
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT

# number NAME FILE: a metric of one `shunt eval --json` object
number() { tr ',{' '\n\n' <"$2" | sed -n "s/^\"$1\":\([-0-9.e]*\).*/\1/p" | head -n 1; }

run() { # NAME FORMAT DIR FOLDS METRIC...
    name=$1 format=$2 dir=$3 folds=$4
    shift 4
    "$B/shunt" import -q --store "$W/$name.db" --format "$format" "$dir" >/dev/null
    for seed in $(seq 1 "$SEEDS"); do
        "$B/shunt" train -q --store "$W/$name.db" --cross-fit "$folds" --seed "$seed" --router "s$seed" >/dev/null
        "$B/shunt" eval -q --store "$W/$name.db" --router "s$seed" --json >"$W/$name.$seed.json"
    done
    for metric; do
        for seed in $(seq 1 "$SEEDS"); do number "$metric" "$W/$name.$seed.json"; done |
            awk -v n="$name" -v m="$metric" 'NR == 1 { lo = hi = $1 } { s += $1; if ($1 < lo) lo = $1; if ($1 > hi) hi = $1 }
                END { if (NR) printf "%s %s %.4f [%.4f, %.4f] over %d seeds\n", n, m, s / NR, lo, hi, NR }'
    done | tee -a "$W/means"
}
bench() { # NAME METRIC at-least|at-most TARGET
    awk -v n="$1" -v m="$2" -v how="$3" -v t="$4" '$1 == n && $2 == m {
        ok = how == "at-least" ? $3 >= t : $3 <= t
        printf "bench %s_%s %s %s%s %s\n", n, m, $3, how == "at-least" ? ">=" : "<=", t, ok ? "ok" : "short" }' "$W/means"
}
run mmlu routellm "$SHARED/datasets/routellm/mmlu" 10 apgr cpt50 cpt80 apgr_task_means quality_at_lambda_0
run cascades outcomes "$SHARED/datasets/cascades" 5 aiq aiq_raw aiq_singles aiq_task_means \
    cost_share_at_best_single quality_at_best_single_cost
run llmdrift outcomes "$SHARED/datasets/llmdrift" 5 aiq aiq_raw aiq_singles aiq_task_means
bench mmlu apgr at-least 0.714
bench cascades aiq at-least 0.834
bench cascades cost_share_at_best_single at-most 0.47
