#!/bin/sh
# shunt collect beside what others do with the same server: requests of 600 bytes, replies of prose. Lines
# `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: [FULL=1] collect.sh BUILD
#
# 1. 64 in flight without latency, beside wrk (Debian) on the loopback provider, which shares the cores with both: median
#    of five rounds (ROUNDS), wrk before and after each. Asked, parsed, compressed and stored.
# 2. promptfoo (npm, make deps-promptfoo) with the same prompts on the same server, its cache off.
# 3. 1,000 in flight at 200 ms, of bench_server.c, since the provider stalls above a hundred: median of three rounds.
# 4. With FULL=1: what 200,000 replies take of memory, beside 25,000.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
B=$(cd "$1" && pwd)
rounds=${ROUNDS:-5}
command -v wrk >/dev/null || { echo "# bench collect: wrk is not installed"; exit 0; }
work=$(mktemp -d)
cd "$work" || exit 3
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; cd /; rm -rf "$work"' EXIT
shunt=$B/shunt
tool=$B/bench_server
load() { echo "# load average $1: $(cut -d' ' -f1-3 /proc/loadavg), $(getconf _NPROCESSORS_ONLN) cores"; }

# serve COMMAND...: in the background, until the next; $base is where.
serve() {
    if [ -n "$server" ]; then
        kill "$server"
        wait "$server" 2>/dev/null
    fi
    rm -f port
    "$@" --port-file port >/dev/null 2>server.err &
    server=$!
    until [ -s port ]; do
        kill -0 $server || { cat server.err; exit 3; }
        sleep 0.05
    done
    base=http://127.0.0.1:$(cat port)
    echo "models: [{name: sim-nano, base_url: '$base', max_tokens: 512, temperature: 0, prices: {input: 0.1, output: 0.4}}]" \
        >shunt.yaml
}
store() { # NAME PROMPTS
    "$tool" --prompts "$2" >"$1.jsonl" && "$shunt" import --store "$1.db" "$1.jsonl" >/dev/null || exit 3
}
# collect STORE OPTIONS...: $requests, $seconds, $cpu (seconds of all its threads), $kb (resident at most)
collect() {
    cp "$1.db" s.db
    shift
    "$tool" --measure used "$shunt" collect --store s.db --json --quiet "$@" >out || { cat out; exit 3; }
    requests=$(sed 's/.*"requests":\([0-9]*\).*"seconds".*/\1/; s/,.*//' out)
    seconds=$(sed 's/.*"seconds":\([0-9.]*\).*/\1/' out)
    cpu=$(awk '{ print $1 + $2 }' used)
    kb=$(awk '{ print $3 }' used)
    rm -f s.db s.db-*
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# bench NAME VALUE FORMAT TARGET, which begins with >= or <=
bench() {
    awk -v n="$1" -v v="$2" -v f="$3" -v t="$4" 'BEGIN {
        ok = t ~ /^>/ ? v + 0 >= substr(t, 3) + 0 : v + 0 <= substr(t, 3) + 0
        printf "bench %s " f " %s %s\n", n, v, t, ok ? "ok" : "short" }'
}
load before

# --- beside wrk -----------------------------------------------------------------------------------
store small 12000
serve "$B/provider" --data small.jsonl --port 0 --latency-scale 0
ask() { # requests a second and CPU seconds of one, in $wrk and $wrk_cpu
    "$tool" --measure used wrk -t1 -c64 -d"${WRK_S:-3}s" -s "$root/tests/bench/collect.lua" \
        "$base/v1/chat/completions" -- small.jsonl >wrk.out 2>&1 || { cat wrk.out >&2; exit 3; }
    ! grep -q "Non-2xx" wrk.out || { cat wrk.out >&2; exit 3; }
    wrk=$(sed -n 's/^Requests\/sec: *//p' wrk.out)
    wrk_cpu=$(awk -v n="$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' wrk.out)" '{ print ($1 + $2) / n }' used)
}
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    ask
    before=$wrk before_cpu=$wrk_cpu
    collect small --jobs 64 --samples 3
    ask
    awk -v n="$requests" -v s="$seconds" -v c="$cpu" -v a="$before" -v b="$wrk" -v ac="$before_cpu" -v bc="$wrk_cpu" 'BEGIN {
        printf "# collect %d requests, %.0f/s, %.1f us of CPU each; wrk %.0f/s, %.1f us before, %.0f/s, %.1f us after\n",
            n, n / s, c / n * 1e6, a, ac * 1e6, b, bc * 1e6
        printf "%.4f\n", (n / s) / ((a + b) / 2) >>"ratios"
        printf "%.4f\n", (c / n) / ((ac + bc) / 2) >>"cpus" }'
done
bench collect_vs_wrk "$(median ratios)" %.3f ">=0.25"
bench collect_cpu_vs_wrk "$(median cpus)" %.2f "<=4.0"

# --- beside promptfoo -------------------------------------------------------------------------------
promptfoo=${SHUNT_PROMPTFOO:-}/node_modules/promptfoo
if [ -d "$promptfoo" ]; then
    n=${PROMPTFOO_N:-500}
    collect small --jobs 64 --limit "$n"
    foo=$("$root/tests/bench/promptfoo.sh" "$promptfoo" "$base" small.jsonl "$n") || exit 3
    echo "# $n prompts, 64 at once: promptfoo $foo s, shunt collect $seconds s, both from their first request to their last"
    awk -v f="$foo" -v s="$seconds" 'BEGIN { printf "bench collect_vs_promptfoo %.0f - -\n", f / s }'
else
    echo "# promptfoo is not installed: make deps-promptfoo"
fi

# --- a thousand in flight ---------------------------------------------------------------------------
store large 25000
serve "$tool" --latency-ms 200
i=0
while [ $i -lt 3 ]; do
    i=$((i + 1))
    collect large --jobs 1000 --samples 2
    awk -v n="$requests" -v s="$seconds" -v c="$cpu" 'BEGIN {
        ideal = n / 1000 * .2
        printf "# 1,000 in flight at 200 ms: %d requests in %.2f s, ideally %.2f s; %.1f us of CPU each\n", n, s, ideal, c / n * 1e6
        print s / ideal >>"elapsed"
        print c / n * 1e6 >>"each" }'
done
bench collect_1000_elapsed "$(median elapsed)" %.3f "<=1.06"
bench collect_1000_cpu_us "$(median each)" %.1f "<=40"

# --- memory -----------------------------------------------------------------------------------------
if [ "${FULL:-}" = 1 ]; then
    serve "$tool"
    collect large --jobs 64
    echo "# memory: $requests replies, $kb KB at most"
    collect large --jobs 64 --samples 8
    echo "# memory: $requests replies in $seconds s, $kb KB at most"
    bench collect_200k_memory_mb "$(awk -v kb="$kb" 'BEGIN { print kb / 1024 }')" %.1f "<=64"
else
    echo "# memory at 200,000 replies: make bench-collect FULL=1"
fi
load after
