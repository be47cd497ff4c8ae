# shunt collect --dry-run: what a run would cost, beside what it then costs.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k

all=$BUILD/support/prompts.jsonl
grep -v '"parent"' "$all" | awk 'NR % 3 == 0' | head -n 600 >most
grep '"parent"' "$all" | head -n 40 >stages
sed 's/.*"parent":"\([^"]*\)".*/"id":"\1"/' stages | sort -u >ids
grep -F -f ids "$all" | grep -v '"parent"' >parents
cat parents most stages | awk '!seen[$0]++' >prompts.jsonl
P=$(wc -l <parents)
provider_start
config
shunt import --store full.db prompts.jsonl >/dev/null 2>&1
N=$(($(wc -l <prompts.jsonl) - P))

# --- before anything is known: an assumption, and called one
ok "a plan without replies" 0 shunt collect --store full.db --dry-run
out_has "$N prompts, $((3 * N)) requests would be sent"
out_has "$P more prompts are parents of staged requests"
out_has "assumed to be from"
out_has "1914 requests are of models without replies: assumed are a token for 4 bytes"
ok "as JSON" 0 shunt collect --store full.db --dry-run --json
is "parents are counted" "$(json parents_of_stages)" "$P"
is "the basis is told" "$(grep -o '"basis":"assumed"' out | wc -l)" 3
cp out first.json
sed 's/params: {logprobs: true, top_logprobs: 3}/params: {logprobs: true, top_logprobs: 3, metadata: {a: "'"$(printf '%0400d' 1)"'"}}/' shunt.yaml >long.yaml
ok "bytes that are no text" 0 shunt collect --store full.db --config long.yaml --dry-run --json
is "are no tokens" "$(json input_tokens_estimate)" "$(grep -o '"input_tokens_estimate":[0-9]*' first.json | head -n 1 | cut -d: -f2)"
is "nothing was sent" "$(stat_of requests)" 0
is "nothing was written" "$(sqlite3 full.db 'SELECT count(*) FROM model')" 0
ok "the run itself" 0 shunt collect --store full.db --json
out_has "\"parents_of_stages\":$P"
spent=$(json spent_usd)
is "is within what was assumed ($spent)" "$(awk -v s="$spent" '{ match($0, /"cost_usd_estimate_low":[0-9.]+/); l = substr($0, RSTART + 24, RLENGTH - 24)
    match($0, /"cost_usd_estimate_high":[0-9.]+/); h = substr($0, RSTART + 25, RLENGTH - 25); print (l < s && s < h) ? "in" : l " " h }' first.json)" in
is "an unknown price is told too" "$(sed 's/^     tier: small, max_tokens: 256, temperature: 0, prices: {input: 0.25.*/     tier: small, max_tokens: 256, temperature: 0}/' shunt.yaml |
    awk '/name: swift/ { on = 1 } on { sub(/prices: \{[^}]*\}/, "params: {}"); if (/}$/) on = 0 } { print }' >unpriced.yaml; grep -c 'prices' unpriced.yaml)" 2
shunt import --store new.db prompts.jsonl >/dev/null 2>&1
ok "a plan with it" 0 shunt collect --store new.db --config unpriced.yaml --dry-run
err_has "model 'swift': what its $N requests would cost is not known: give its prices"
out_has "WITHOUT $N requests of unknown price"
ok "and as JSON" 0 shunt collect --store new.db --config unpriced.yaml --dry-run --json
is "it is null, not 0" "$(grep -o '"cost_usd_estimate":null' out | wc -l)" 1
is "and counted" "$(json requests_unpriced)" "$N"

# --- an eighth of the prompts is answered: is the cost of the rest in the interval?
cat >truth.sql <<'X'
ATTACH 'full.db' AS f;
SELECT m.name, round(sum(CASE m.name WHEN 'nano' THEN r.input_tokens * .1 + r.output_tokens * .4 WHEN 'swift' THEN
    r.input_tokens * .25 + r.output_tokens * 1.25 ELSE r.input_tokens * .3 + r.output_tokens * 2.5 END) * 1e-6, 9)
FROM f.reply r JOIN f.prompt p ON p.id = r.prompt JOIN f.model_config c ON c.id = r.model_config JOIN f.model m ON
m.id = c.model WHERE p.ext_id NOT IN (SELECT q.ext_id FROM reply x JOIN prompt q ON q.id = x.prompt) GROUP BY 1
X
: >cases
for k in 0 1 2 3 4 5 6 7; do
    rm -f s.db*
    shunt import --store s.db prompts.jsonl >/dev/null 2>&1
    shunt collect --store s.db --shard $k/8 >/dev/null 2>&1 || fail "shard $k"
    sqlite3 -separator '	' s.db <truth.sql >truth
    shunt collect --store s.db --dry-run --tsv >plan 2>err || fail "plan $k" "$(cat err)"
    awk -F'\t' 'NR == FNR { truth[$1] = $2; next } $1 in truth { print $1, truth[$1], $6, $7, $8; t += truth[$1]; e += $6; l += $7; h += $8 }
        END { print "total", t, e, l, h }' truth plan >>cases
done
awk '{ n++; in_it += $2 >= $4 && $2 <= $5; w += ($5 - $4) / $3; x = $2 / $3 - 1; off += x < 0 ? -x : x
       if ($1 == "total") { totals++; total_in += $2 >= $4 && $2 <= $5 } }
     END { printf "%d %d %d %d %.3f %.3f\n", n, in_it, totals, total_in, w / n, off / n }' cases >sum
read -r n in_it totals total_in width off <sum
echo "# $in_it of $n costs in their 95 % interval, $total_in of $totals totals; intervals are $width of the estimate wide, which is off by $off"
is "eight plans of three models" "$n" 32
try "costs are in their intervals ($in_it of $n)" test "$in_it" -ge 29
try "so are totals ($total_in of $totals)" test "$total_in" -ge 7
try "and those say something" awk "BEGIN { exit !($width < .5 && $off < .1) }"
ok "where every task was measured" 0 shunt collect --store s.db --where 'task=invoice' --dry-run --tsv
is "the basis is that" "$(awk -F'\t' 'NR > 1 { print $10 }' out | sort -u)" measured
ok "nothing to ask" 0 shunt collect --store full.db --dry-run --tsv
is "costs nothing" "$(awk -F'\t' 'NR > 1 { print $3, $6 + 0, $8 + 0 }' out | sort -u)" "0 0 0"

# --- through a batch API: half of it, and nothing is submitted
before=$(stat_of requests)
ok "a plan of batches" 0 shunt collect --store s.db --models nano,swift --batch --dry-run --json
half=$(json cost_usd_estimate)
ok "beside one without" 0 shunt collect --store s.db --models nano,swift --dry-run --json
is "costs half" "$(awk -v h="$half" -v f="$(json cost_usd_estimate)" 'BEGIN { x = h * 2 / f; print (x > .999 && x < 1.001) ? "half" : x }')" half
is "and submits nothing" "$(($(stat_of requests) - before)) $(sqlite3 s.db 'SELECT count(*) FROM batch')" "0 0"
provider_stop
done_testing
