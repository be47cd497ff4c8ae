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

command -v fasttext >/dev/null || { echo "# bench route: fasttext is not installed"; exit 0; }
awk '{ print "__label__m" NR % 9, $0 }' "$lines" >"$work/train"
fasttext supervised -input "$work/train" -output "$work/model" -wordNgrams 2 -bucket 65536 -dim 10 \
    -epoch 1 -thread 1 -verbose 0 >/dev/null 2>&1 || { echo "# bench route: fasttext failed"; exit 1; }
# Loading the model is not counted: the same run on one line is taken off. Best of five.
head -n 1 "$lines" >"$work/one"
best() {
    for _ in 1 2 3 4 5; do
        from=$(date +%s%N)
        fasttext predict "$work/model.bin" "$1" >/dev/null
        echo $(($(date +%s%N) - from))
    done | sort -n | head -n 1
}
all=$(best "$lines")
one=$(best "$work/one")
awk -v all="$all" -v one="$one" -v s="$seconds" 'BEGIN {
    f = (all - one) / 1e9
    printf "# fasttext predict %.3f s (loading %.3f s aside), shunt_route %.3f s\n", f, one / 1e9, s
    printf "bench route_vs_fasttext %.4g >=20 %s\n", f / s, (f / s >= 20 ? "ok" : "short") }'
