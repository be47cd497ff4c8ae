# Software that nobody here wrote: the official SDKs parse what the loopback provider says, so what
# we are tested against is what real clients accept; and shunt collects through a real gateway in
# front of it, with the same stored replies. Needs node and `make deps-peers`.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
DIR=${SHUNT_PEERS:-$BUILD/peers}
[ -f "$DIR/installed" ] || skip_all "the packages are not installed (make deps-peers)"
for p in node sqlite3; do command -v $p >/dev/null || skip_all "$p is not installed"; done
export TEST_KEY=some-key-1234 GATE=openai

# --- the SDKs; each of their checks is one of ours
cp "$ROOT"/tests/peers/*.mjs "$DIR"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | awk 'NR % 20 == 1' | head -n 150 >prompts.jsonl
grep '"task":"escalation"' "$BUILD/support/prompts.jsonl" >>prompts.jsonl
grep '"task":"faq"' "$BUILD/support/prompts.jsonl" | head -n 3 >>prompts.jsonl
awk '!seen[$0]++' prompts.jsonl >once && mv once prompts.jsonl
node -e '
    const rows = require("fs").readFileSync("prompts.jsonl", "utf8").trim().split("\n").map(JSON.parse);
    const text = (r) => r.prompt ?? r.messages.filter((m) => m.role === "user").at(-1).content;
    const of = (task) => rows.filter((r) => r.task === task).map(text);
    console.log(JSON.stringify({ plain: of("faq"), refused: of("escalation").slice(0, 150) }));' >prompts.json
provider_start
timeout 120 node "$DIR/sdk.mjs" "$BASE" prompts.json >sdk.out 2>sdk.err
while IFS= read -r line; do
    case $line in
    ok*) pass "${line#ok * - }" ;;
    "not ok"*) fail "${line#not ok * - }" "$(grep -F -A6 "$line" sdk.out)" ;;
    esac
done <sdk.out
try "the SDKs were tried to the end" grep -q '^1\.\.32$' sdk.out

# --- the gateway
PORT_FILE=$WORK/gport node --import "$ROOT/tests/peers/loopback.mjs" \
    "$DIR/node_modules/@portkey-ai/gateway/build/start-server.js" --headless --port=0 >gateway.out 2>gateway.err &
PIDS="$PIDS $!"
until_true test -s gport || { fail "the gateway starts" "$(cat gateway.err)"; done_testing; }
GATEWAY=http://127.0.0.1:$(cat gport)
models() { # BASE_URL HEADERS-OF-OPENAI HEADERS-OF-ANTHROPIC
    cat <<X
models:
  - {name: nano, model: sim-nano, base_url: "$1", api_key_env: TEST_KEY, max_tokens: 256, temperature: 0,
     prices: {input: 0.1, output: 0.4}, params: {logprobs: true, top_logprobs: 3}$2}
  - {name: swift, provider: anthropic, model: sim-swift, base_url: "$1", api_key_env: TEST_KEY,
     max_tokens: 256, temperature: 0, prices: {input: 0.25, output: 1.25}$3}
X
}
models "$BASE/v1" >direct.yaml
through() {
    models "$GATEWAY/v1" ", headers: {x-portkey-provider: '\${GATE}', x-portkey-custom-host: '$BASE/v1'}" \
        ", headers: {x-portkey-provider: anthropic, x-portkey-custom-host: '$BASE/v1'}"
}
through >gateway.yaml
{ head -n 60 prompts.jsonl && grep '"task":"escalation"' prompts.jsonl | head -n 150; } | awk '!seen[$0]++' >few.jsonl
N=$(wc -l <few.jsonl)
for s in direct gateway stream faulty; do shunt import --store $s.db few.jsonl >/dev/null 2>&1; done
ok "collect without the gateway" 0 shunt collect --store direct.db --config direct.yaml --jobs 16
before=$(stat_of completed)
ok "collect through the gateway" 0 shunt collect --store gateway.db --config gateway.yaml --jobs 16
try "the provider answered again" test "$(stat_of completed)" -ge $((before + 2 * N))
replies() {
    sqlite3 "$1" "SELECT p.ext_id, m.name, r.sample, r.request_hash, r.text, r.finish, r.input_tokens, r.cached_tokens,
        r.output_tokens, r.served_model, round(r.mean_logprob, 9) FROM reply r JOIN prompt p ON p.id = r.prompt
        JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model ORDER BY 1, 2, 3"
}
replies direct.db >direct.txt
replies gateway.db >gateway.txt
try "a reply of each model to each prompt" test "$(sqlite3 direct.db "SELECT count(*) FROM reply")" -eq $((2 * N))
if cmp -s direct.txt gateway.txt; then pass "the same replies"; else
    fail "the same replies" "$(diff direct.txt gateway.txt | head -n 8)"; fi
try "refusals are among them" grep -qE '[|](refusal|content_filter)[|]' gateway.txt
ok "nothing more to ask" 0 shunt collect --store gateway.db --config direct.yaml --json
out_has '"requests":0' "replies through a gateway are the model's own"
ok "streams through the gateway" 0 shunt collect --store stream.db --config gateway.yaml --jobs 16 --stream
try "the provider answered once more" test "$(stat_of completed)" -ge $((before + 4 * N))
replies stream.db >stream.txt
if cmp -s direct.txt stream.txt; then pass "the same replies, streamed"; else
    fail "the same replies, streamed" "$(diff direct.txt stream.txt | head -n 8)"; fi
is "with the time to the first token of each" "$(sqlite3 stream.db 'SELECT count(*) FROM reply WHERE ttft_ms > 0')" $((2 * N))
provider_stop

provider_start --rate-429 0.1 --rate-500 0.05 --rate-cut 0.05 --retry-after 0
through >gateway.yaml
ok "faults come through a gateway, and are ridden out" 0 shunt collect --store faulty.db --config gateway.yaml --jobs 16 --retries 9 --timeout 5
replies faulty.db >faulty.txt
try "the same replies again" cmp direct.txt faulty.txt
done_testing
