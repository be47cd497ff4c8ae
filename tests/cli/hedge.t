# Hedged requests: a second try beside a slow one, the first answer is the reply, the other is
# dropped, counted and charged at its worst. Off by default.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 30 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
export TEST_KEY=some-key-1234
sql() { sqlite3 s.db "$1"; }
class() { sql "SELECT count(*) FROM attempt WHERE error_class = '$1'"; }
asked() { echo $(($(stat_of requests) - before)); }
replies() {
    sql "SELECT p.ext_id, m.name, r.sample, r.request_hash, r.text FROM reply r JOIN prompt p ON p.id = r.prompt
        JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model ORDER BY 1, 2, 3"
}

provider_start
config
fresh
ok "without hedging" 0 shunt collect --store s.db --json
is "none is sent" "$(json hedges)$(class hedged)" 00
replies >plain.txt
provider_stop

# --- a tenth of the requests is never answered -----------------------------------------------------
provider_start --rate-hang 0.1
config
fresh
before=$(stat_of requests)
ok "those that hang are asked again beside" 0 shunt collect --store s.db --jobs 2 --hedge 0.3 --timeout 2 --retries 9 --json
requests=$(asked)
hedges=$(grep -o '"hedges":[0-9]*' out | awk -F: '{ n += $2 } END { print n }')
try "some were sent ($hedges)" test "$hedges" -ge 3
is "one reply each" "$(sql 'SELECT count(*) || " " || count(DISTINCT prompt || "/" || model_config || "/" || sample) FROM reply')" "$((N * 3)) $((N * 3))"
replies >hedged.txt
try "the same replies as without" cmp plain.txt hedged.txt
is "the provider saw each try" "$requests" "$(rows attempt)"
# a pair ends with a reply and one dropped, or in two timeouts
timeouts=$(class timeout)
is "those without a reply were dropped, or two that hung" "$(class hedged) $((requests - N * 3))" "$((hedges - timeouts / 2)) $(($(class hedged) + timeouts))"
is "an attempt for each reply" "$(sql 'SELECT count(*) FROM attempt WHERE reply IS NOT NULL AND error_class IS NULL')" $((N * 3))
out_has "\"hedged\":"
is "nothing failed" "$(grep -o '"failed":[0-9]*' out | sort -u)" '"failed":0'
is "status counts no failure" "$(shunt status --store s.db --models --json | grep -c '"failed":0')" 3
ok "nothing more to ask" 0 shunt collect --store s.db --hedge p90 --json
is "no request" "$(json requests)" 0

# --- under a cap ----------------------------------------------------------------------------------
fresh
ok "a cap is kept with two tries at once" 8 shunt collect --store s.db --jobs 2 --hedge 0.3 --timeout 2 --retries 9 --max-spend 0.006 --json
is "what was dropped is charged" "$(sql "SELECT count(*) FROM attempt WHERE error_class = 'hedged' AND charge_nusd > 0")" "$(class hedged)"
try "some were" test "$(class hedged)" -ge 1
is "all charges together are within" "$(sql 'SELECT sum(charge_nusd) BETWEEN 3000000 AND 6000000 FROM attempt')" 1
lost=$(json charged_without_reply_usd_at_most)
is "and shown apart" "$(sql "SELECT printf('%d.%09d', sum(charge_nusd) / 1000000000, sum(charge_nusd) % 1000000000) FROM attempt WHERE reply IS NULL")" "$lost"
fresh
ok "where one worst case fits no second try is sent" 8 shunt collect --store s.db --models nano --jobs 1 --hedge 0.01 --retries 0 \
    --timeout 1 --max-spend 0.0004 --json
is "within" "$(sql 'SELECT sum(charge_nusd) BETWEEN 1 AND 400000 FROM attempt')" 1
provider_stop

# --- both hang, are cut, are refused ----------------------------------------------------------------
provider_start --rate-hang 0.15 --rate-cut 0.1 --rate-429 0.1 --rate-500 0.1 --retry-after 0
config
fresh
ok "with all sorts of trouble" 0 shunt collect --store s.db --hedge 0.2 --timeout 1 --retries 20 --json
replies >trouble.txt
try "the same replies" cmp plain.txt trouble.txt
is "each try is known by how it ended" "$(sql 'SELECT count(*) FROM attempt WHERE error_class IS NULL AND reply IS NULL')" 0
try "two that hang time out" test "$(class timeout)" -ge 1
is "requests add up" "$(grep -o '"requests":[0-9]*' out | head -n 1 | cut -d: -f2)" "$(rows attempt)"
fresh
ok "streams" 0 shunt collect --store s.db --stream --hedge 0.2 --timeout 1 --retries 20 --json
replies >streams.txt
try "the same replies streamed" cmp plain.txt streams.txt
is "each with its own time to the first token" "$(sql 'SELECT count(*) FROM reply WHERE NOT (ttft_ms >= 0 AND ttft_ms <= latency_ms)')" 0
provider_stop

# --- a percentile -----------------------------------------------------------------------------------
provider_start --latency-scale 0.5
config
sed -i 's/name: swift,/& hedge: p80,/' shunt.yaml
fresh
ok "a percentile, by the config of one model" 0 shunt collect --store s.db --samples 3 --jobs 8 --json
swift=$(grep -o '"name":"swift".*' out | grep -o '"hedges":[0-9]*' | head -n 1 | cut -d: -f2)
try "some of its own slow ones were sent twice ($swift)" test "$swift" -ge 3 -a "$swift" -le $((N * 3 / 2))
is "of no other model" "$(sql "SELECT count(*) FROM attempt a JOIN model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model
    WHERE a.error_class = 'hedged' AND m.name != 'swift'")" 0
is "one reply each" "$(rows reply)" $((N * 9))
provider_stop

# --- Ctrl-C ------------------------------------------------------------------------------------------
provider_start --rate-hang 1
config
fresh
env --default-signal=INT shunt collect --store s.db --models nano --jobs 4 --hedge 0.1 --timeout 60 >out 2>err &
pid=$!
twice() { [ "$(stat_of requests)" -ge 8 ]; }
if until_true twice; then pass "all slots hang, and a second try of each"; else
    fail "all slots hang, and a second try of each" "$(stat_of requests) requests"; fi
kill -INT $pid
wait $pid
is "an interrupted run ends as always" $? 9
err_has "interrupted"
is "both tries of each are known" "$(class interrupted)" "$(rows attempt)"
provider_stop

# --- killed with two tries of a request in flight ---------------------------------------------------
provider_start --latency-scale 1 --rate-hang 0.15
config
fresh
for kill in 40 80 120; do
    shunt collect --store s.db --jobs 8 --hedge 0.05 --timeout 2 --retries 9 --max-spend 0.2 >out 2>err &
    pid=$!
    asked_more() { [ "$(stat_of requests)" -ge $kill ] || ! kill -0 $pid 2>/dev/null; }
    until_true asked_more
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
done
ok "the next run goes on" 0 shunt collect --store s.db --jobs 8 --hedge 0.05 --timeout 2 --retries 9 --max-spend 0.2 --json
is "one reply each" "$(sql 'SELECT count(*) || " " || count(DISTINCT prompt || "/" || model_config || "/" || sample) FROM reply')" "$((N * 3)) $((N * 3))"
try "both tries of what was in flight are known" test "$(rows attempt)" -ge "$(stat_of requests)"
billed=$(stat_of billed_nusd) charged=$(sql 'SELECT sum(charge_nusd) FROM attempt')
is "what was charged ($charged) is what was billed ($billed) or more, and within the cap" \
    "$([ "$charged" -ge "$billed" ] && [ "$charged" -le 200000000 ] && echo fits)" fits
provider_stop
for bad in 0 p p20 p100 -1 5m nan; do
    ok "refuses --hedge $bad" 2 shunt collect --store s.db --hedge=$bad
    err_lines 1
done
sed -i 's/name: swift,/& hedge: often,/' shunt.yaml
ok "and in the config" 4 shunt collect --store s.db
err_has "'hedge' takes seconds"
done_testing
