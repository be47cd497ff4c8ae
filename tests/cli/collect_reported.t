# What a provider says a reply cost, beside what its prices make of it.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 60 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
reports() { # FACTOR: a provider whose nano reports so many times its price
    echo "[{\"name\": \"sim-nano\", \"reported\": $1}]" >models.json
    provider_start --models models.json
    config
    fresh
}
reports 1.05
ok "five percent more" 0 shunt collect --store s.db --models nano,flash --json
err_has "model 'nano': its provider reports \$"
err_has "for $N replies, the prices make it \$"
err_has "($N of them differ by over 1 %); check its prices"
err_lines 1
is "every one differs" "$(json reported_differs)" "$N"
is "by five percent" "$(awk -v r="$(json reported_usd)" -v c="$(json cost_usd)" 'BEGIN { x = r / c; print (x > 1.0499 && x < 1.0501) ? "so" : x }')" so
is "both are kept: the sum of what was reported" "$(sqlite3 s.db "SELECT printf('%d.%09d', n / 1000000000, n % 1000000000) FROM (SELECT sum(reported_nusd) AS n FROM reply)")" "$(json reported_usd)"
is "and nobody else reports" "$(grep -o '"reported_usd":null' out | wc -l)" 1
is "the cap counts the larger of the two" "$(sqlite3 s.db "SELECT sum(charge_nusd) FROM attempt a JOIN model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model WHERE m.name = 'nano'")" \
    "$(json reported_usd | tr -d . | sed 's/^0*//')"
sed 's/prices: {input: 0.1, output: 0.4}, //' shunt.yaml >unpriced.yaml
fresh
ok "without a price" 0 shunt collect --store s.db --config unpriced.yaml --models nano --json
is "what is reported is the cost" "$(json cost_usd)" "$(json reported_usd)"
is "there is nothing to compare" "$(json reported_differs)" 0
provider_stop
reports 0.9
ok "ten percent less" 0 shunt collect --store s.db --models nano --json
err_has "differ by over 1 %"
is "the cap counts the larger of the two again" "$(json spent_usd)" "$(json cost_usd)"
provider_stop
reports 1.005
ok "half a percent is no difference" 0 shunt collect --store s.db --models nano --json
is "none differs" "$(json reported_differs)" 0
err_lines 0
is "yet it is told" "$(awk -v r="$(json reported_usd)" -v c="$(json cost_usd)" 'BEGIN { x = r / c; print (x > 1.0049 && x < 1.0051) ? "so" : x }')" so
provider_stop
done_testing
