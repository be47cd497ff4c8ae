# Streamed replies are the replies: the same rows as without streaming, and the time to the first token.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
for p in sqlite3; do command -v $p >/dev/null || skip_all "$p is not installed"; done
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 60 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
ALL=$((N * 4)) # three of config, and one of the Responses API
export TEST_KEY=some-key-1234
config4() {
    config
    sed -i "2i \\  - {name: reply, protocol: openai-responses, model: sim-mini, base_url: \"$BASE\", max_tokens: 256, temperature: 0,\n\
     prices: {input: 0.4, output: 1.6}, params: {logprobs: true, top_logprobs: 3}}" shunt.yaml
}
replies() {
    sqlite3 "$1" "SELECT p.ext_id, m.name, r.sample, r.request_hash, r.text, r.finish, r.input_tokens, r.cached_tokens,
        r.output_tokens, r.reasoning_tokens, r.served_model, round(r.mean_logprob, 9), round(r.min_logprob, 9),
        round(r.entropy, 9) FROM reply r JOIN prompt p ON p.id = r.prompt
        JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model ORDER BY 1, 2, 3"
}

provider_start
config4
fresh
ok "without streaming" 0 shunt collect --store s.db --json
is "no time to the first token" "$(json mean_ttft_ms)" null
replies s.db >whole.txt
mv s.db whole.db
fresh
ok "with streaming" 0 shunt collect --store s.db --stream --json
replies s.db >stream.txt
is "all are stored" "$(rows reply)" "$ALL"
if cmp -s whole.txt stream.txt; then pass "the same replies"; else fail "the same replies" "$(diff whole.txt stream.txt | head -n 6)"; fi
is "each with its time to the first token" "$(sqlite3 s.db 'SELECT count(*) FROM reply WHERE ttft_ms >= 0 AND ttft_ms <= latency_ms')" \
    "$(sqlite3 s.db "SELECT count(*) FROM reply WHERE text != ''")"
ok "a streamed reply is one to the plain request" 0 shunt collect --store s.db --json
is "nothing to ask" "$(json requests)" 0
provider_stop

# --- times ---------------------------------------------------------------------------------------
provider_start --latency-scale 1
config4
sed -i 's/name: swift,/& stream: true,/' shunt.yaml
fresh
ok "one model of the config" 0 shunt collect --store s.db --models nano,swift --limit 30 --json
is "a reply of each protocol" "$(sqlite3 whole.db "SELECT count(DISTINCT protocol) FROM reply_body")" 4
is "the others have none" "$(sqlite3 s.db "SELECT count(ttft_ms) FROM reply r JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model WHERE m.name = 'nano'")" 0
# sim-swift takes 28 ms to the first token in the median, whatever it says after it
sqlite3 s.db "SELECT avg(ttft_ms) BETWEEN 14 AND 200, sum(ttft_ms < latency_ms) > 20 FROM reply WHERE ttft_ms IS NOT NULL" >times
is "the time is that of the model" "$(cat times)" "1|1"
provider_stop

# --- faults --------------------------------------------------------------------------------------
provider_start --rate-cut 0.15 --rate-malformed 0.1 --rate-500 0.05
config4
fresh
ok "streams that are cut or broken are asked again" 0 shunt collect --store s.db --stream --retries 12 --json
for class in network malformed server; do out_has "\"$class\":" "$class was met"; done
replies s.db >faults.txt
if cmp -s whole.txt faults.txt; then pass "and never stored in part"; else fail "and never stored in part" "$(diff whole.txt faults.txt | head -n 6)"; fi
provider_stop
done_testing
