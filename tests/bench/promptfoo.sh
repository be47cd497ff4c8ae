#!/bin/sh
# Seconds that promptfoo takes for the first N prompts of a JSON Lines file, 64 at once, its cache off: those of its own
# clock from first to last, without its start. usage: promptfoo.sh FOLDER-OF-THE-PACKAGE BASE-URL PROMPTS.jsonl N
set -u
dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
head -n "$4" "$3" >"$dir/prompts.jsonl"
cd "$dir" || exit 3
node -e '
const fs = require("fs");
const lines = fs.readFileSync("prompts.jsonl", "utf8").trim().split("\n").map(l => JSON.parse(l));
fs.writeFileSync("prompt.json", JSON.stringify([{role: "system", content: "{{system}}"}, {role: "user", content: "{{user}}"}]));
fs.writeFileSync("config.json", JSON.stringify({
  prompts: ["file://prompt.json"],
  providers: [{id: "openai:chat:sim-nano", config: {apiBaseUrl: process.argv[1] + "/v1", apiKey: "none", temperature: 0, max_tokens: 512}}],
  tests: lines.map(l => ({vars: {system: l.messages[0].content, user: l.messages[1].content}}))}));
' "$2" || exit 3
PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_DISABLE_REMOTE_GENERATION=1 PROMPTFOO_CONFIG_DIR=$dir/home \
    timeout 600 node "$1/dist/src/entrypoint.js" eval -c config.json --no-cache -j 64 --no-progress-bar --no-write --no-table \
    -o out.json >log 2>&1
# It may stumble over its own log at the end: what it wrote counts.
node -e '
const stats = JSON.parse(require("fs").readFileSync("out.json", "utf8")).results.stats;
if (stats.successes != process.argv[1]) process.exit(1);
console.log((stats.evaluationDurationMs / 1000).toFixed(3));
' "$4" || { tail -n 20 log >&2; exit 3; }
