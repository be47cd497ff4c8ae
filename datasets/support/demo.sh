#!/bin/sh
# make demo: the whole pipeline on the data set that ships, against the loopback provider.
#
#   datasets/support/demo.sh [FOLDER]      FOLDER (build/demo) is made new
#
# Every step is a command that a user would type. SHUNT_DEMO_JOBS sets the requests in flight,
# SHUNT_DEMO_LIMIT takes only the first prompts.
set -eu
cd "$(dirname "$0")/../.."
B=${SHUNT_BUILD:-build}
D=${1:-$B/demo}
S=$D/support.db
rm -rf "$D"
mkdir -p "$D"
PATH=$B:$PATH
export SIM_API_KEY=loopback-only

head -n "${SHUNT_DEMO_LIMIT:-1000000}" "$B/support/prompts.jsonl" >"$D/prompts.jsonl"
"$B/provider" --data "$B/support/prompts.jsonl" --latency-scale 0.7 --port-file "$D/port" >"$D/provider.log" 2>&1 &
provider=$!
trap 'kill $provider 2>/dev/null || true; wait $provider 2>/dev/null || true' EXIT INT TERM
while [ ! -s "$D/port" ]; do
    kill -0 $provider 2>/dev/null || { cat "$D/provider.log" >&2; exit 3; }
    sleep 0.1
done
"$B/provider" --print-prices --port "$(cat "$D/port")" >"$D/shunt.yaml"
cat >>"$D/shunt.yaml" <<'X'
rules:
  - {name: legal-words, any: [lawsuit, lawyer, attorney, subpoena], then: {tier: large}}
  - {name: short-faq, max_bytes: 60, task: faq, then: {forbid: sim-max}}
targets: {tier_quality: 0.8}
X

started=$(date +%s)
step() {
    printf '\n$ %s\n' "$*"
    "$@"
}
step shunt import --store "$S" --dataset support "$D/prompts.jsonl"
step shunt collect --store "$S" --config "$D/shunt.yaml" --jobs "${SHUNT_DEMO_JOBS:-64}"
step shunt grade --store "$S"
step shunt embed --store "$S" --config "$D/shunt.yaml" --encoder sim-embed
step shunt train --store "$S"
step shunt eval --store "$S" --config "$D/shunt.yaml" >"$D/eval.txt"
echo "(in $D/eval.txt, shown below)"
step shunt compile --store "$S" --config "$D/shunt.yaml" -o "$D/support.shunt"
step shunt report --store "$S" -o "$D/report" --simulated --title "Support traffic (synthetic)"
step shunt forecast --store "$S" --requests-per-day 1000000
echo
echo "Would the operating point 'balanced' be worse than always the best single model?"
# Exit 1 or 10 are answers too, and the demo goes on with them.
step shunt gate --store "$S" --baseline sim-max --candidate policy:balanced --max-drop 0.02 ||
    echo "(gate: exit status $?)"

cat >"$D/three.jsonl" <<'X'
{"id": "password", "task": "faq", "prompt": "How do I reset my password?"}
{"id": "lamps", "task": "invoice", "prompt": "I bought 3 lamps at $41.90 each with 15 percent off, shipping 4.99, tax 8.5 percent on all of it, and there was a credit of $10. What do I owe?"}
{"id": "fire", "task": "escalation", "prompt": "My attorney will file a lawsuit over the fire your charger caused."}
X
printf '\n$ shunt-route %s < three.jsonl\n' "$D/support.shunt"
shunt-route "$D/support.shunt" <"$D/three.jsonl" | tee "$D/three.out"

echo
echo "== Cost and quality (test split; models, prices and latencies are simulated)"
cat "$D/eval.txt"
echo
echo "== Three routed prompts"
cat "$D/three.out" | sed 's/^/  /'
echo
echo "Report: $D/report/index.html     ($(($(date +%s) - started)) s)"
