# The sentence encoder of collect/encoder/ and the pipeline over its vectors. Needs node and the npm
# packages that `make encoder-deps` (or deps-peers) installs.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
. "$ROOT/tests/cli/http.sh"
DIR=${SHUNT_ENCODER:-$BUILD/encoder}
[ -f "$DIR/installed" ] || skip_all "the encoder's packages are not installed (make encoder-deps)"
command -v node >/dev/null || skip_all "node is not installed"

cp "$ROOT/collect/encoder/server.mjs" "$DIR/server.mjs"
node "$DIR/server.mjs" --port-file eport >encoder.out 2>encoder.err &
ENCODER=$!
PIDS="$PIDS $ENCODER"
until_true test -s encoder.out || { fail "the encoder starts" "$(cat encoder.err)"; done_testing; }
EPORT=$(cat eport)
try "it says where it is" grep -qF "\"base_url\":\"http://127.0.0.1:$EPORT\"" encoder.out

# --- the protocol
ask() { name=$1 status=$2; shift 2; http "$EPORT" POST /v1/embeddings "$@" >out; is "$name" "$(cat status)" "$status"; }
ask "two texts" 200 '{"model":"use-lite","input":["hello there","a refund, please"]}'
out_has '"index":1'
out_has '"usage":{"prompt_tokens":'
ask "base64" 200 '{"model":"use-lite","input":"hello there","encoding_format":"base64"}'
is "512 numbers of four bytes" "$(grep -o '"embedding":"[^"]*"' out | cut -d'"' -f4 | base64 -d | wc -c)" 2048
ask "another model" 404 '{"model":"ada","input":"x"}'
out_has '"code":"model_not_found"'
ask "an empty text" 400 '{"model":"use-lite","input":["x"," "]}'
out_has "'input[1]' cannot be empty"
ask "no input" 400 '{"model":"use-lite"}'
ask "token numbers" 400 '{"model":"use-lite","input":[[1,2]]}'
ask "no JSON" 400 '{"model":'
ask "another length" 400 '{"model":"use-lite","input":"x","dimensions":64}'
ask "another format" 400 '{"model":"use-lite","input":"x","encoding_format":"hex"}'
perl -e 'print "{\"model\":\"use-lite\",\"input\":\"" . ("many words " x 20000) . "\"}"' >long.json
ask "a text that is too long" 400 - <long.json
out_has context_length_exceeded
http "$EPORT" GET /v1/models "" >out
out_has '"id":"use-lite"'
http "$EPORT" GET /v1/embeddings "" >out
is "the wrong verb" "$(cat status)" 405
http "$EPORT" GET /v2 "" >out
is "the wrong address" "$(cat status)" 404
ok "a taken port" 3 node "$DIR/server.mjs" --port "$EPORT"
ok "a wrong option" 2 node "$DIR/server.mjs" --prot 1

# --- the pipeline over it
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | awk 'NR % 12 == 1' | head -n 300 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
provider_start
config
cat >>shunt.yaml <<X
  - {name: use, base_url: "http://127.0.0.1:$EPORT", model: use-lite, dimensions: 512, batch: 32}
X
shunt import --store s.db prompts.jsonl >/dev/null 2>&1
ok "every prompt has a vector" 0 shunt embed --store s.db --encoder use --json
is "of 512 numbers" "$(grep -o '"dimensions":512,"prompts":[0-9]*' out)" "\"dimensions\":512,\"prompts\":$N"
is "all stored" "$(rows embedding)" "$N"
awk -v n="$N" 'match($0, /"seconds":[0-9.]*/) { printf "# %.1f ms a prompt\n", 1000 * substr($0, RSTART + 10, RLENGTH - 10) / n }' out
TEST_KEY=k shunt collect --store s.db --models nano,flash --jobs 32 >/dev/null 2>&1
shunt grade --store s.db >/dev/null 2>&1
ok "training on the words and the vectors" 0 shunt train --store s.db --encoder hashed+endpoint:use --cross-fit 3 --c-grid 1 --router both --json
loss() { grep -o '"log_loss":[0-9.]*' out | tr '\n' ' '; }
both=$(loss)
ok "training on the words alone" 0 shunt train --store s.db --encoder hashed --cross-fit 3 --c-grid 1 --router words --json
try "the vectors make a difference" test "$both" != "$(loss)"
ok "training on the vectors alone" 0 shunt train --store s.db --encoder endpoint:use --cross-fit 3 --c-grid 1 --router vectors --json
ok "eval of it" 0 shunt eval --store s.db --router both --json

kill "$ENCODER"
wait "$ENCODER"
is "SIGTERM ends it cleanly" $? 0
done_testing
