# shunt status: what is there, what is missing and why, what it cost.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k
head -n 60 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 20 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
of() { awk -F'\t' -v m="$1" -v c="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $1 == m { print $at[c] }' out; }
status() { ok "status" 0 shunt status --store s.db --models --tsv; }
shunt import --store s.db prompts.jsonl >/dev/null 2>&1
status
is "no model yet" "$(wc -l <out)" 1
ok "a store without models prints its tables" 0 shunt status --store s.db
out_has "prompt"
out_has "no model yet: shunt collect"

provider_start
config
shunt collect --store s.db --models nano >/dev/null 2>&1
shunt collect --store s.db --models swift --limit 5 >/dev/null 2>&1
status
is "all of nano" "$(of nano done)/$(of nano total)" "$N/$N"
is "in percent" "$(of nano percent)" 100.0
is "part of swift" "$(of swift done)/$(of swift total)" "5/$N"
is "its tier" "$(of swift tier)" small
is "nothing failed" "$(of nano failed)$(of swift failed)" 00
is "a try for each reply" "$(of nano tries) $(of swift tries)" "$N 5"
is "a known cost for each" "$(of nano cost_unknown)" 0
# 0.1 and 0.4 dollars a million tokens, by hand
usd=$(sqlite3 s.db "SELECT printf('%.6f', sum(r.input_tokens * 0.1 + r.output_tokens * 0.4) / 1e6) FROM reply r JOIN model_config c
    ON c.id = r.model_config JOIN model m ON m.id = c.model WHERE m.name = 'nano'")
status
is "what the tokens cost" "$(of nano usd)" "$usd"
provider_stop

# --- what failed, by class of the last try
provider_start --rate-500 1
config
shunt collect --store s.db --models swift --retries 1 >/dev/null 2>&1
status
failed=$(of swift failed)
is "failures have a class" "$(of swift failures)" "server $failed"
try "and are some" test "$failed" -ge 3
is "what was done stays done" "$(of swift done)" 5
try "tries are counted" test "$(of swift tries)" -ge $((5 + 2 * 3))
provider_stop
provider_start
config
shunt collect --store s.db --models swift >/dev/null 2>&1
shunt collect --store s.db --models flash --samples 2 --limit 3 >/dev/null 2>&1
status
is "no failure when it was answered later" "$(of swift failed) $(of swift failures)" "0 "
is "all of it" "$(of swift done)" "$N"
is "two samples each" "$(of flash done)/$(of flash total)" "6/$((2 * N))"
sed 's/max_tokens: 256/max_tokens: 200/' shunt.yaml >other.yaml
shunt collect --store s.db --config other.yaml --models nano --limit 4 >/dev/null 2>&1
status
is "another configuration starts anew" "$(of nano done)" 4
is "and what was spent before counts" "$(of nano tries)" $((N + 4))
ok "columns by default, tables and models" 0 shunt status --store s.db
out_has "table"
out_has "mean_latency_ms"
out_has "last collect: 20" "when the last run was"
out_has "4 replies in" "how many replies it brought"
out_has "exit 0: shunt collect --store s.db --config other.yaml --models nano --limit 4" "how it ended, and its command"
ok "as JSON" 0 shunt status --store s.db --models --json
out_has '"model":"flash","tier":"large","done":6'
ok "the tables alone" 0 shunt status --store s.db --csv
out_lacks "mean_latency_ms"
# Without --store and SHUNT_STORE the store is the one that shunt.yaml names.
echo '{"id":"1","prompt":"hi"}' >one.jsonl
printf 'store: named.db\n' >shunt.yaml
ok "import finds the store in shunt.yaml" 0 shunt import one.jsonl
try "it is the one named there" test -s named.db
ok "so does status" 0 shunt status
printf 'stor: named.db\n' >shunt.yaml
ok "a mistake in it is named" 4 shunt status
err_has "stor"
rm shunt.yaml
ok "without both there is an error" 2 shunt status
err_has "which store?"
done_testing
