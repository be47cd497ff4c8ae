# Killed outright: what had been read is stored by the next run, once. The spend cap goes on over runs.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 150 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
export TEST_KEY=some-key-1234
sql() { sqlite3 s.db "$1"; }

# --- kill -9 -------------------------------------------------------------------------------------
provider_start --latency-scale 0.1
config
fresh
i=0 journalled=0 lost=0
while [ $i -lt 12 ]; do
    i=$((i + 1))
    shunt collect --store s.db --jobs 8 --samples $((i + 1)) >out 2>err &
    pid=$!
    before=$(stat_of completed)
    more() { [ "$(stat_of completed)" -ge $((before + 3 + i)) ] || ! kill -0 $pid 2>/dev/null; }
    until_true more
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    perl "$ROOT/tests/chaos/journal.pl" s.db-replies | sort >hashes # whole ones: a write may be cut by the kill
    journalled=$((journalled + $(wc -l <hashes)))
    shunt collect --store s.db --limit 1 --models nano >out 2>err
    for h in $(cat hashes); do
        [ "$(sql "SELECT count(*) FROM reply WHERE request_hash = '$h'")" -ge 1 ] || lost=$((lost + 1))
    done
done
is "of $journalled replies in the journal at a kill none is lost" $lost 0
if [ "$journalled" -gt 0 ]; then pass "there were some"; else fail "there were some"; fi
is "each attempt is stored once" "$(sql "SELECT count(*) FROM (SELECT 1 FROM attempt WHERE reply IS NOT NULL GROUP BY prompt, model_config, sample, request_hash, started_ms HAVING count(*) > 1)")" 0
is "the store is sound" "$(sql 'PRAGMA integrity_check')" ok
ok "it can be finished" 0 shunt collect --store s.db --jobs 16 --samples 2
if [ -e s.db-replies ]; then fail "a run leaves no journal"; else pass "a run leaves no journal"; fi
provider_stop

# --- a journal that is damaged, or not ours ---------------------------------------------------------
# What a kill leaves behind with at least some replies in the journal: a picture of a stopped run.
provider_start --latency-scale 0.3
config
fresh
i=0
while [ $i -lt 200 ]; do
    i=$((i + 1))
    [ -e one.db-replies ] && [ "$(grep -ac '^shunt-reply ' one.db-replies)" -ge 6 ] && break
    rm -f one.db*
    shunt collect --store s.db --jobs 8 --samples $i >/dev/null 2>&1 &
    pid=$!
    until_true sh -c "[ \"\$(grep -ac '^shunt-reply ' s.db-replies 2>/dev/null)\" -ge 6 ] 2>/dev/null || ! kill -0 $pid"
    kill -STOP $pid
    for end in "" -wal -replies; do if [ -s s.db$end ]; then cp s.db$end one.db$end; fi; done
    kill -KILL $pid
    wait $pid 2>/dev/null
done
provider_stop
provider_start
config
whole=$(perl "$ROOT/tests/chaos/journal.pl" one.db-replies | wc -l)
store_of_one() { rm -f s.db*; for end in "" -wal -replies; do if [ -s one.db$end ]; then cp one.db$end s.db$end; fi; done; }
replies() { sql "SELECT count(*) FROM reply WHERE request_hash IN ($(perl "$ROOT/tests/chaos/journal.pl" one.db-replies | sed "s/.*/'&'/" | paste -sd, -))"; }
if [ "$whole" -ge 6 ]; then pass "a journal with $whole replies"; else fail "a journal with $whole replies"; fi
store_of_one
perl -e 'open F, "+<", "s.db-replies"; binmode F; local $/; $_ = <F>; /shunt-reply.*?\0.*?\0.{40}/s; seek F, $+[0], 0; print F "#"'
cp s.db-replies damaged
ok "a damaged journal" 4 shunt collect --store s.db --limit 1
err_has "'s.db-replies' was damaged at byte"
err_has "run it again"
is "is kept" "$(cmp damaged s.db-replies.damaged && echo same)" same
[ "$(replies)" -ge $((whole - 1)) ] && pass "all that is whole is stored" || fail "all that is whole is stored" "$(replies) of $whole"
ok "and the next run goes on" 0 shunt collect --store s.db --limit 1
echo "what is this?" >s.db-replies
ok "a file of something else" 4 shunt collect --store s.db --limit 1
is "is kept too" "$(cat s.db-replies.damaged2)" "what is this?"
is "and no more" "$(ls s.db-replies* | wc -l)" 2
rm -f s.db*
sed 's/"id":"/"id":"other-/' prompts.jsonl >other.jsonl
shunt import --store s.db other.jsonl >/dev/null 2>&1
cp one.db-replies s.db-replies
ok "another store's journal" 4 shunt collect --store s.db --limit 1
err_has "'s.db-replies' belongs to another store"
err_has "move it away"
err_lines 1
is "is untouched" "$(cmp one.db-replies s.db-replies && echo same)" same
is "and nothing of it is stored" "$(rows attempt)" 0
ok "status reads on" 0 shunt status --store s.db
rm s.db-replies
ok "once it is away, all goes on" 0 shunt collect --store s.db --limit 1
provider_stop

# --- the cap over runs ----------------------------------------------------------------------------
provider_start
config
fresh
ok "some are asked" 0 shunt collect --store s.db --limit 20 --json
first=$(json spent_usd)
ok "the cap counts earlier runs" 8 shunt collect --store s.db --max-spend "$first" --json
is "so nothing is asked" "$(json requests)" 0
is "which cost $first" "$(json spent_before_usd)" "$first"
err_has "raise"
sed 's/temperature: 0/temperature: 1/' shunt.yaml >warm.yaml
ok "another temperature is the same money" 8 shunt collect --store s.db --config warm.yaml --max-spend "$first" --json
is "nothing is asked for it" "$(json requests)" 0
id=$(sed -n '40s/^{"id":"\([^"]*\)".*/\1/p' prompts.jsonl)
ok "other prompts have their own" 0 shunt collect --store s.db --models nano --where "id=$id" --max-spend "$first" --json
is "one of them" "$(json requests) $(json spent_before_usd)" "1 0.000000000"
ok "another selection has its own" 0 shunt collect --store s.db --models nano --samples 1 --limit 1 --max-spend "$first" --json
ok "a new cap" 8 shunt collect --store s.db --max-spend 0.004 --new-cap --json
is "counts nothing from before" "$(json spent_before_usd)" 0.000000000
case $(tail -n 1 err) in *--new-cap*) fail "going on is under the same cap" "$(cat err)" ;; *) pass "going on is under the same cap" ;; esac
spent=$(json spent_usd)
i=0
while [ $i -lt 4 ]; do
    i=$((i + 1))
    shunt collect --store s.db --max-spend 0.004 --json >out 2>err
done
total=$(sql "SELECT sum(charge_nusd) FROM attempt a JOIN cap_start c ON c.model_config = a.model_config WHERE a.id > c.attempt")
is "four more runs stay within it ($total nano-dollars)" "$([ "$total" -le 4000000 ] && [ "$total" -gt 2000000 ] && echo within)" within
provider_stop

# --- kill -9 under a cap: what was in flight counts for good, by the provider's own account ------
provider_start --latency-scale 2
config
fresh
cap=50000000 # nano-dollars
i=0 over=0 hits=0 unsure=0
while [ $i -lt "${SHUNT_CAP_KILLS:-12}" ]; do
    i=$((i + 1))
    before=$(stat_of requests)
    shunt collect --store s.db --jobs 8 --max-spend 0.05 --samples 40 >out 2>err &
    pid=$!
    more() { [ "$(stat_of requests)" -ge $((before + 10 + 4 * i)) ] || ! kill -0 $pid 2>/dev/null; }
    until_true more
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? = 137 ] && hits=$((hits + 1))
    [ "$(stat_of billed_nusd)" -le $cap ] || over=$((over + 1))
done
ok "the cap is reached over $hits kills" 8 shunt collect --store s.db --jobs 8 --max-spend 0.05 --samples 40 --json
billed=$(stat_of billed_nusd) charged=$(sql "SELECT sum(charge_nusd) FROM attempt")
unsure=$(sql "SELECT count(*) FROM attempt WHERE error_class = 'unknown'")
is "at no kill more was billed than the cap allows" $over 0
is "nor at the end ($billed of $cap)" "$([ "$billed" -le $cap ] && [ "$billed" -gt 0 ] && echo within)" within
is "what was charged is no less than that ($charged)" "$([ "$charged" -ge "$billed" ] && [ "$charged" -le $cap ] && echo fits)" fits
is "some were in flight ($unsure), and count at their worst" "$(sql "SELECT count(*) > 0 AND min(charge_nusd) > 10000 FROM attempt WHERE error_class = 'unknown'")" 1
[ "$hits" -ge 5 ] || fail "kills hit a running collect" "$hits"
is "they are told apart" "$(json charged_before_without_reply_usd_at_most)" "$(sql "SELECT printf('%d.%09d', n / 1000000000, n % 1000000000) FROM (SELECT sum(charge_nusd) AS n FROM attempt WHERE reply IS NULL)")"
provider_stop

# --- tries without a reply ------------------------------------------------------------------------
provider_start --rate-cut 0.3
config
fresh
shunt collect --store s.db --models nano --retries 8 --max-spend 1 --json >out 2>err
lost=$(json charged_without_reply_usd_at_most)
ok "tries that were cut" 0 shunt collect --store s.db --models nano --max-spend 1 --json
is "count for good, and apart" "$(json charged_before_without_reply_usd_at_most)" "$lost"
is "and cost something" "$(awk -v l="$lost" 'BEGIN { print (l > 0) }')" 1
provider_stop
done_testing
