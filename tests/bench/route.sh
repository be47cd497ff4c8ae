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
"$bench" "$lines" "$work/table.shunt"

# Instructions do not depend on what else the machine does. valgrind knows AVX2, so these are of the loops for AVX2.
if command -v valgrind >/dev/null; then
    head -n 1000 "$lines" >"$work/some"
    bytes=$(valgrind --tool=callgrind --callgrind-out-file="$work/callgrind" --toggle-collect=route_all \
        "$bench" "$work/some" "$work/table.shunt" 1 2>"$work/err")
    sed -n 's/^==[0-9]*== Collected : //p' "$work/err" | awk -v b="${bytes%% *}" '{
        printf "bench route_instructions_per_byte %.4g <=60 %s\n", $1 / b, ($1 / b <= 60 ? "ok" : "short") }'
fi

command -v fasttext >/dev/null || { echo "# bench route: fasttext is not installed"; exit 0; }
awk '{ print "__label__m" NR % 9, $0 }' "$lines" >"$work/train"
fasttext supervised -input "$work/train" -output "$work/model" -wordNgrams 2 -bucket 65536 -dim 10 \
    -epoch 1 -thread 1 -verbose 0 >/dev/null 2>&1 || { echo "# bench route: fasttext failed"; exit 1; }
# Processor time, as the machine is shared, best of nine, both programs in turn. fastText: its whole process, reading the
# lines and printing one label of nine for each, on the lines once and three times; a line costs half the difference, the
# rest is loading the model. shunt_route: the calls alone, over texts in memory, each a decision with the expected quality
# and cost of nine models; the fastest of three times through.
cat "$lines" "$lines" "$lines" >"$work/thrice"
python3 - "$bench" "$work" "$lines" <<'X'
import os, subprocess, sys

bench, work, lines = sys.argv[1:]
count = sum(1 for _ in open(lines, "rb"))


def fasttext(path):
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp("fasttext", ["fasttext", "predict", work + "/model.bin", path])
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit("# bench route: fasttext failed")
    return used.ru_utime + used.ru_stime


once, thrice, route = [], [], []
for _ in range(9):
    once.append(fasttext(lines))
    thrice.append(fasttext(work + "/thrice"))
    out = subprocess.run([bench, lines, work + "/table.shunt", "3"], stdout=subprocess.PIPE, check=True).stdout
    route.append(float(out.split()[1]))
once, thrice, route = min(once), min(thrice), min(route)
line = (thrice - once) / 2
ratio = line / route
print(f"# processor time a line: fasttext predict {line / count * 1e6:.2f} us (loading its model, {once - line:.3f} s, aside), "
      f"shunt_route {route / count * 1e6:.3f} us")
print(f"bench route_vs_fasttext {ratio:.4g} >=20 {'ok' if ratio >= 20 else 'short'}")
X
