#!/bin/sh
# How fast shunt collect asks, parses, compresses and stores, beside wrk (Debian) on the same endpoint with the same
# requests and 64 in flight. Lines `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: collect.sh BUILD
#
# The loopback provider answers without simulated latency and shares the cores with both. Median of five rounds, wrk
# before and after each.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
B=$(cd "$1" && pwd)
rounds=${ROUNDS:-5}
command -v wrk >/dev/null || { echo "# bench collect: wrk is not installed"; exit 0; }
work=$(mktemp -d)
cd "$work" || exit 3
provider=
trap '[ -n "$provider" ] && kill "$provider" 2>/dev/null; cd /; rm -rf "$work"' EXIT
# Lines with a request of their own: parents of staged requests are not collected.
grep -v '"stage":' "$B/support/prompts.jsonl" >prompts.jsonl
"$B/provider" --data prompts.jsonl --port 0 --port-file port --latency-scale 0 >/dev/null 2>provider.err &
provider=$!
until [ -s port ]; do kill -0 $provider || { cat provider.err; exit 3; }; sleep 0.05; done
base=http://127.0.0.1:$(cat port)
cat >shunt.yaml <<X
models: [{name: sim-nano, base_url: "$base", max_tokens: 512, temperature: 0, prices: {input: 0.1, output: 0.4}}]
X
"$B/shunt" import --store empty.db prompts.jsonl >/dev/null || exit 3

ask() { wrk -t1 -c64 -d"${WRK_S:-3}s" -s "$root/tests/bench/collect.lua" "$base/v1/chat/completions" -- prompts.jsonl >wrk.out 2>&1 ||
    { cat wrk.out >&2; exit 3; }
    ! grep -q "Non-2xx" wrk.out || { cat wrk.out >&2; exit 3; }
    sed -n 's/^Requests\/sec: *//p' wrk.out; }
# User and system seconds of all children so far.
cpu() { times >times.out; awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); s += t[1] * 60 + t[2] } print s }' times.out; }
: >ratios
: >cpus
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    cpu >c0; before=$(ask); cpu >c1
    cp empty.db s.db
    "$B/shunt" collect --store s.db --jobs 64 --samples 3 --json --quiet >out || { cat out; exit 3; }
    cpu >c2
    after=$(ask)
    requests=$(sed 's/.*"requests":\([0-9]*\).*"seconds".*/\1/; s/,.*//' out)
    seconds=$(sed 's/.*"seconds":\([0-9.]*\).*/\1/' out)
    sent=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' wrk.out)
    awk -v n="$requests" -v s="$seconds" -v a="$before" -v b="$after" 'BEGIN {
        printf "# collect %d requests, %.0f/s; wrk %.0f/s before, %.0f/s after\n", n, n / s, a, b
        printf "%.4f\n", (n / s) / ((a + b) / 2) >>"ratios" }'
    # CPU of a request: collect, over wrk (whose round before this one is measured)
    awk -v n="$requests" -v w="$sent" '{ c[NR] = $1 } END { if (w && c[2] > c[1])
        printf "%.4f\n", ((c[3] - c[2]) / n) / ((c[2] - c[1]) / w) }' c0 c1 c2 >>cpus
    rm -f s.db s.db-*
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
r=$(median ratios)
awk -v r="$r" 'BEGIN { printf "bench collect_vs_wrk %.3f >=0.25 %s\n", r, (r >= 0.25 ? "ok" : "short") }'
c=$(median cpus)
awk -v r="$c" 'BEGIN { printf "bench collect_cpu_vs_wrk %.2f <=4.0 %s\n", r, (r <= 4 ? "ok" : "short") }'
