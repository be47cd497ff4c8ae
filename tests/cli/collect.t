# shunt collect against the loopback provider: every reply is there in the end, once, whatever
# happens on the way.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"

head -n 400 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 200 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
ALL=$((N * 3))
export TEST_KEY=a-secret-key

# --- no faults -----------------------------------------------------------------------------------
provider_start --key "$TEST_KEY"
config
sed -i 's/tier: small, max_tokens: 256, temperature: 0,$/api_key_env: TEST_KEY, &/' shunt.yaml
fresh
ok "a dry run asks nothing" 0 shunt collect --store s.db --dry-run --json
is "a dry run says what it would ask" "$(json requests)" "$ALL"
is "a dry run sends nothing" "$(stat_of requests)" 0
is "a dry run writes no model" "$(rows model)" 0
ok "collect asks all" 0 shunt collect --store s.db --json
out_has '{"schema":"shunt.collect/1"'
is "all are answered" "$(json ok)" "$ALL"
is "all are stored" "$(rows reply)" "$ALL"
is "one attempt each" "$(rows attempt)" "$ALL"
is "the provider answered each once" "$(stat_of completed)" "$ALL"
ok "a second run has nothing to ask" 0 shunt collect --store s.db --json
is "0 requests" "$(json requests)" 0
is "nothing was sent" "$(stat_of completed)" "$ALL"
ok "samples are further replies" 0 shunt collect --store s.db --models nano --samples 2 --json
is "one more each" "$(json ok)" "$N"
ok "another temperature is another request" 0 sh -c \
    "sed 's/temperature: 0/temperature: 1/' shunt.yaml >warm.yaml; shunt collect --store s.db --config warm.yaml --models swift --limit 5 --json"
is "five of them" "$(json ok)" 5
before=$(rows reply)
ok "refresh asks again" 0 shunt collect --store s.db --models nano --limit 7 --refresh --json
is "for what is there" "$(json ok)" 7
is "and replaces it" "$(rows reply)" "$before"
ok "a plan knows what replies cost" 0 shunt collect --store s.db --models nano --samples 3 --limit 4 --dry-run
out_lacks " -  " "the estimate has all figures"
ok "the summary is a table" 0 shunt collect --store s.db
out_has "mean_latency_ms"
if grep -aq "$TEST_KEY" s.db s.db-wal out err 2>/dev/null; then fail "the key is kept nowhere"; else pass "the key is kept nowhere"; fi

# --- imported replies, staged requests ----------------------------------------------------------
mv s.db all.db; rm -f s.db-*
shunt import --store s.db --format outcomes "$ROOT/tests/fixtures/import/outcomes" >/dev/null 2>&1
sed 's/name: nano/name: small/' shunt.yaml >small.yaml
ok "imported replies are replies" 0 shunt collect --store s.db --config small.yaml --models small --json
is "nothing to ask" "$(json requests)" 0
ok "of the samples that were imported" 0 shunt collect --store s.db --config small.yaml --models small --samples 2 --dry-run --json
is "two are missing" "$(json requests)" 2
ok "refresh asks beside imported ones" 0 shunt collect --store s.db --config small.yaml --models small --refresh --json
is "all three prompts" "$(json ok)" 3
rm -f s.db s.db-*
cat >staged.jsonl <<X
{"id":"whole","prompt":"research this"}
{"id":"part1","prompt":"find","parent":"whole","stage":"retrieve"}
{"id":"part2","prompt":"check","parent":"whole","stage":"check"}
X
shunt import --store s.db staged.jsonl >/dev/null 2>&1
ok "stages are asked, their parent is not" 0 shunt collect --store s.db --models nano --json
is "two stages" "$(json ok)" 2

# --- refused -------------------------------------------------------------------------------------
fresh
export TEST_KEY=wrong-secret-key
ok "a wrong key is told" 5 shunt collect --store s.db
err_has "auth: HTTP 401"
err_has "given up after 3 failures in a row"
if grep -q "wrong-secret" out err; then fail "the key is not shown"; else pass "the key is not shown"; fi
is "after a few tries" "$([ "$(rows attempt)" -lt 60 ] && echo few)" few
is "an error is no reply" "$(rows reply)" 0
export TEST_KEY=a-secret-key
sed 's/model: sim-swift/model: sim-nobody/' shunt.yaml >other.yaml
ok "a model that is not there does not stop the others" 9 shunt collect --store s.db --config other.yaml --json
err_has "not_found"
is "the others are complete" "$(rows reply)" "$((N * 2))"
ok "an unset key is told before anything is sent" 2 env -u TEST_KEY shunt collect --store s.db
err_has "TEST_KEY, which is not set"
err_lines 1
ok "an unknown model" 2 shunt collect --store s.db --models nanno
err_has "did you mean 'nano'"
ok "http to another machine" 2 sh -c "sed 's/127.0.0.1:[0-9]*/example.test/' shunt.yaml >far.yaml; shunt collect --store s.db --config far.yaml"
err_has "unencrypted"
ok "no such store" 3 shunt collect --store none.db
ok "no config" 2 sh -c 'mkdir -p empty && cd empty && shunt collect --store ../s.db'
err_has "--config"
provider_stop
ok "nobody listens" 5 shunt collect --store s.db --models swift --retries 1
err_has "no model could be asked"

# --- faults --------------------------------------------------------------------------------------
provider_start --rate-429 0.08 --rate-500 0.08 --rate-529 0.04 --rate-cut 0.05 --rate-malformed 0.05 \
    --rate-hang 0.02 --retry-after 0
config
fresh
ok "faults are ridden out" 0 shunt collect --store s.db --timeout 1 --retries 8 --json
is "every reply arrived" "$(rows reply)" "$ALL"
for class in rate_limit server overloaded network malformed timeout; do
    out_has "\"$class\":" "$class was met"
done
is "each was paid once" "$(stat_of completed)" "$ALL"
is "every try is stored" "$(rows attempt)" "$(json requests)"
provider_stop
provider_start --rate-500 1
config
ok "failures are counted" 9 shunt collect --store s.db --models nano --samples 2 --limit 6 --retries 1
err_has "6 server"
err_has "to go on: shunt collect"
is "and are no replies" "$(rows reply)" "$ALL"
provider_stop

# --- interrupted ---------------------------------------------------------------------------------
provider_start --latency-scale 0.5
config
fresh
# A background job ignores SIGINT unless it is told otherwise.
env --default-signal=INT shunt collect --store s.db --jobs 4 >out 2>err &
pid=$!
enough() { [ "$(stat_of completed)" -ge 40 ]; }
until_true enough
kill -INT $pid
wait $pid
is "Ctrl-C ends with 9" $? 9
err_has "interrupted:"
err_has "to go on: shunt collect --store s.db --jobs 4"
part=$(rows reply)
is "part of it is stored" "$([ "$part" -ge 40 ] && [ "$part" -lt "$ALL" ] && echo part)" part
is "what was answered is stored" "$part" "$(stat_of completed)"
ok "running it again finishes" 0 shunt collect --store s.db --jobs 64
is "nothing is missing" "$(rows reply)" "$ALL"
is "nothing was asked twice" "$(stat_of completed)" "$ALL"
# Killed outright: at most what was in flight or not yet committed is paid for twice.
fresh
before=$(stat_of completed)
shunt collect --store s.db --jobs 4 >out 2>err &
pid=$!
enough() { [ "$(stat_of completed)" -ge $((before + 60)) ]; }
until_true enough
kill -KILL $pid
wait $pid 2>/dev/null
ok "after kill -9 running it again finishes" 0 shunt collect --store s.db --jobs 64
is "nothing is missing then" "$(rows reply)" "$ALL"
twice=$(($(stat_of completed) - before - ALL))
is "little was asked twice ($twice)" "$([ "$twice" -le 68 ] && echo little)" little
provider_stop

# --- two at once ---------------------------------------------------------------------------------
provider_start
config
fresh
shunt collect --store s.db --jobs 8 >out1 2>err1 &
pid=$!
shunt collect --store s.db --jobs 8 >out 2>err
second=$?
wait $pid
case "$? $second" in # whoever came second was refused, or came when all was done
"0 6" | "6 0" | "0 0") pass "two processes on one store: one works" ;;
*) fail "two processes on one store: one works" "$? and $second" "$(cat err err1)" ;;
esac
is "nothing is paid twice" "$(stat_of completed)" "$ALL"
is "store each reply once" "$(rows reply)" "$ALL"
provider_stop

# --- open files ----------------------------------------------------------------------------------
provider_start
config
fresh
ok "a low soft limit of open files is raised" 0 sh -c 'ulimit -S -n 64; shunt collect --store s.db --models nano --jobs 100'
ok "a low hard limit is told" 2 sh -c 'ulimit -n 64; shunt collect --store s.db --models nano --jobs 100 --samples 2'
err_has "ulimit -n"
provider_stop

# --- one that hangs ------------------------------------------------------------------------------
provider_start --rate-hang 1
stuck=$BASE
provider_start
config
sed -i "/name: nano/s|base_url: \"[^\"]*\"|base_url: \"$stuck\"|" shunt.yaml
fresh
env --default-signal=INT shunt collect --store s.db --jobs 6 --timeout 60 >out 2>err &
pid=$!
enough() { [ "$(rows reply)" -ge $((N * 2)) ]; }
if until_true enough; then pass "a model that hangs does not hold up the others"; else
    fail "a model that hangs does not hold up the others" "$(rows reply) of $((N * 2)) replies"; fi
kill -INT $pid
wait $pid
is "it is what is missing" $? 9
kill $PIDS 2>/dev/null
provider_stop

# --- the cap -------------------------------------------------------------------------------------
provider_start
config
fresh
ok "a cap is never exceeded" 8 shunt collect --store s.db --max-spend 0.004 --json
err_has "the spend cap is reached"
spent=$(json spent_usd)
is "spent $spent of 0.004" "$(awk -v s="$spent" 'BEGIN { print (s > 0.002 && s <= 0.004) ? "within" : "not" }')" within
ok "a cap of nothing asks nothing" 8 shunt collect --store s.db --max-spend 0 --json
err_has "raise --max-spend to go on"
try "no command that would ask nothing again" sh -c '! grep -q "to go on: " err'
is "no request" "$(json requests)" 0
ok "a cap wants a maximum" 2 sh -c "sed 's/max_tokens: 256, //' shunt.yaml >long.yaml; shunt collect --store s.db --config long.yaml --max-spend 1"
err_has "max_tokens"
ok "a cap is money" 2 shunt collect --store s.db --max-spend lots
provider_stop
done_testing
