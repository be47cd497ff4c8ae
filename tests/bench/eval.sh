#!/bin/sh
# The exact sweep and 2,000 resamples, beside the same with numpy on the same data and machine. Lines
# `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: eval.sh BENCH_EVAL [PROMPTS]
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=$1
prompts=${2:-100000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bench" "$prompts" "$work/data" >"$work/out" || exit 1
grep '^# shunt' "$work/out"
value() { sed -n "s/^# $1 //p" "$work/out"; }
awk -v s="$(value total_seconds)" -v n="$prompts" 'BEGIN {
    limit = 2 + n * 8e-6 # a million prompts in ten seconds
    printf "bench eval_seconds_%d %.3g <=%.3g %s\n", n, s, limit, (s <= limit ? "ok" : "short") }'
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "# bench eval: python3-numpy is not installed"; exit 0; }
/usr/bin/python3 "$root/tests/bench/eval_numpy.py" "$work/data" "$prompts" >>"$work/out" || exit 1
grep '^# numpy:' "$work/out"
awk -v a="$(value sweep_seconds)" -v b="$(value numpy_sweep_seconds)" -v c="$(value total_seconds)" -v d="$(value numpy_total_seconds)" \
    -v x="$(value aiq_raw)" -v y="$(value numpy_aiq_raw)" 'BEGIN {
    off = x > y ? x - y : y - x
    printf "bench eval_sweep_vs_numpy %.3g >=2 %s\n", b / a, (b / a >= 2 ? "ok" : "short")
    printf "bench eval_vs_numpy %.3g >=2 %s\n", d / c, (d / c >= 2 ? "ok" : "short")
    printf "bench eval_differs_from_numpy %.2g <=1e-8 %s\n", off, (off <= 1e-8 ? "ok" : "short") }'
