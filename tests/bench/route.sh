#!/bin/sh
# What routing costs, beside a byte-class scan (bench_route.c) and fastText's predict on the same lines. Lines
# `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: route.sh BENCH_ROUTE [LINES]
#
# Without LINES the prompts are those of the public MMLU replies (../shared, or SHUNT_SHARED).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=$1
lines=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$lines" ]; then
    mmlu=${SHUNT_SHARED:-$root/../shared}/datasets/routellm/mmlu
    if [ ! -d "$mmlu" ]; then echo "# bench route: no prompts ($mmlu is absent)"; exit 0; fi
    lines=$work/lines
    python3 - "$mmlu" >"$lines" <<'X' || exit 3
import csv, glob, sys
for path in sorted(glob.glob(sys.argv[1] + "/**/*.csv", recursive=True)):
    with open(path, newline="", encoding="utf-8") as f:
        rows = csv.DictReader(f)
        for row in rows:
            text = row.get("prompt") or next(v for v in row.values() if v and len(v) > 20)
            print(" ".join(text.split()))
X
fi
"$bench" "$lines" "$work/table.shunt" | tee "$work/out"
seconds=$(sed -n 's/^# route_seconds //p' "$work/out")

if command -v valgrind >/dev/null; then # instructions do not depend on what else the machine does
    head -n 1000 "$lines" >"$work/some"
    bytes=$(valgrind --tool=callgrind --callgrind-out-file="$work/callgrind" --toggle-collect=route_all \
        "$bench" "$work/some" "$work/table.shunt" once 2>"$work/err")
    sed -n 's/^==[0-9]*== Collected : //p' "$work/err" | awk -v b="$bytes" '{
        printf "bench route_instructions_per_byte %.4g <=60 %s\n", $1 / b, ($1 / b <= 60 ? "ok" : "short") }'
fi

command -v fasttext >/dev/null || { echo "# bench route: fasttext is not installed"; exit 0; }
awk '{ print "__label__m" NR % 9, $0 }' "$lines" >"$work/train"
fasttext supervised -input "$work/train" -output "$work/model" -wordNgrams 2 -bucket 65536 -dim 10 \
    -epoch 1 -thread 1 -verbose 0 >/dev/null 2>&1 || { echo "# bench route: fasttext failed"; exit 1; }
# Processor time, as the machine is shared; loading the model is not counted: the same run on one line is taken off. Best
# of five.
head -n 1 "$lines" >"$work/one"
best() {
    for _ in 1 2 3 4 5; do
        (fasttext predict "$work/model.bin" "$1" >/dev/null; times) | tail -n 1 |
            awk '{ split($1, u, "m"); split($2, s, "m"); printf "%.0f\n", 1e9 * (60 * (u[1] + s[1]) + u[2] + s[2]) }'
    done | sort -n | head -n 1
}
all=$(best "$lines")
one=$(best "$work/one")
awk -v all="$all" -v one="$one" -v s="$seconds" 'BEGIN {
    f = (all - one) / 1e9
    printf "# fasttext predict %.3f s (loading %.3f s aside), shunt_route %.3f s\n", f, one / 1e9, s
    printf "bench route_vs_fasttext %.4g >=20 %s\n", f / s, (f / s >= 20 ? "ok" : "short") }'
