# shunt collect beyond asking: the Responses protocol, replies as graders see them, stored bodies
# read again.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"

head -n 300 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 60 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
scored() { shunt grade --store s.db >/dev/null 2>&1; rows score; }

# --- the Responses protocol gives what chat completions give ---------------------------------------
provider_start
cat >shunt.yaml <<X
models:
  - {name: chat, model: sim-mini, base_url: "$BASE", max_tokens: 256, temperature: 0,
     prices: {input: 0.4, output: 1.6}, params: {logprobs: true}}
  - {name: responses, model: sim-mini, protocol: openai-responses, base_url: "$BASE",
     max_tokens: 256, temperature: 0, prices: {input: 0.4, output: 1.6}, params: {logprobs: true}}
X
fresh
ok "both protocols are asked" 0 shunt collect --store s.db --json
is "each once a prompt" "$(rows reply)" "$((N * 2))"
ok "nothing is left to ask" 0 shunt collect --store s.db --json
is "0 requests" "$(json requests)" 0
ok "the same tokens" 0 sh -c "rm -f t.db; shunt import --store t.db prompts.jsonl >/dev/null 2>&1; shunt collect --store t.db --json"
is "in and out" "$(grep -oE '"(in|out)put_tokens":[0-9]+' out | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" "2 2 "
ok "Responses under a cap has its maximum" 8 sh -c "rm -f t.db; shunt import --store t.db prompts.jsonl >/dev/null 2>&1; shunt collect --store t.db --models responses --max-spend 0.0001"

# --- replies as graders see them -------------------------------------------------------------------
ok "a bad rule is told with its place" 4 sh -c "sed 's/name: chat,/name: chat, output: {strip_fence: true},/' shunt.yaml >bad.yaml; shunt collect --store s.db --config bad.yaml"
err_has "did you mean 'strip_fences'"
ok "two keys of one name" 4 sh -c "sed 's/name: chat,/name: chat, output: {rename: {a: c, b: c}},/' shunt.yaml >bad.yaml; shunt collect --store s.db --config bad.yaml"
err_has "both be named 'c'"
before=$(scored)
ok "with fences taken off nothing is asked again" 0 sh -c "sed 's/name: chat,/name: chat, output: {strip_fences: true},/' shunt.yaml >fenced.yaml; shunt collect --store s.db --config fenced.yaml --json"
is "no request" "$(json requests)" 0
ok "reparse applies the rules to what is stored" 0 shunt collect --store s.db --config fenced.yaml --reparse --json
out_has '{"schema":"shunt.reparse/1"'
changed=$(json changed)
is "some replies were fenced ($changed)" "$([ "$changed" -gt 0 ] && echo some)" some
is "their scores are dropped" "$(json scores_dropped)" "$changed"
is "and no others" "$(rows score)" "$((before - changed))"
is "grading gives them back" "$(scored)" "$before"
ok "a second reparse changes nothing" 0 shunt collect --store s.db --config fenced.yaml --reparse --json
is "0 changed" "$(json changed)" 0
ok "new replies are normalised as they come" 0 sh -c "rm -f t.db; shunt import --store t.db prompts.jsonl >/dev/null 2>&1; shunt collect --store t.db --config fenced.yaml --models chat && shunt collect --store t.db --config fenced.yaml --models chat --reparse --json"
is "so reparse has nothing to do" "$(json changed)" 0
ok "rules taken away are taken back" 0 shunt collect --store s.db --reparse --models chat --json
is "as many" "$(json changed)" "$changed"
is "nothing was asked for any of this" "$(rows attempt)" "$((N * 2))"
provider_stop
done_testing
