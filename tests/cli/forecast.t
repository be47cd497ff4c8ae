# shunt forecast: amounts, shapes, repricing, and what is refused.
. "$(dirname "$0")/lib.sh"
mkdir o
awk 'BEGIN {
    for (i = 0; i < 300; i++) {
        printf "{\"prompt_id\":\"p%d\",\"dataset\":\"d\",\"task\":\"t%d\",\"prompt\":\"%s question %d\"}\n", i, i % 2, i % 3 ? "easy" : "hard", i > "o/prompts.jsonl"
        f = "{\"prompt_id\":\"p%d\",\"model\":\"%s\",\"sample\":0,\"score\":%d,\"cost_usd\":%s,\"prompt_tokens\":1000,\"completion_tokens\":100}\n"
        printf f, i, "cheap", (i % 3 > 0), "0.0001" > "o/outcomes.jsonl"
        printf f, i, "dear", (i % 20 > 0), "0.002" > "o/outcomes.jsonl"
    }
}'
ok "import" 0 shunt import --store s.db --format outcomes o
ok "single models without a router" 0 shunt forecast --store s.db --requests-per-day 1000000 --json
out_has '"name":"cheap","kind":"single"'
out_has '"usd_per_day":100.000000000,"usd_per_day_ci":[100.000000000,100.000000000],"usd_per_month":3043.750000000'
out_has '"usd_per_year":730500.000000000'
out_has '"best_single":"dear"'
out_has '"saving_usd_per_year":693975.000000000'
ok "growth" 0 shunt forecast --store s.db --requests-per-day 1000000 --growth 0.1 --csv
out_has "name,kind,quality,quality_lo,quality_hi,usd_per_day"
out_has "cheap,single,0.666667"
out_has ",65088.413"
ok "a table" 0 shunt forecast --store s.db --requests-per-day 1000000
out_has "savings against dear, the best single model"
ok "train" 0 shunt train --store s.db --cross-fit 3 --quiet
ok "operating points too" 0 shunt forecast --store s.db --requests-per-day 1000000
out_has "balanced"
ok "reported costs cannot be repriced" 2 shunt forecast --store s.db --requests-per-day 1000 --price dear:x2
err_has "model 'dear' cannot be repriced: its costs are as reported"
err_lines 1
ok "no such model" 2 shunt forecast --store s.db --requests-per-day 1000 --price deer:x2
ok "a factor is needed" 2 shunt forecast --store s.db --requests-per-day 1000 --price dear
ok "requests are needed" 2 shunt forecast --store s.db
err_has "--requests-per-day"
ok "no store" 3 shunt forecast --store none.db --requests-per-day 5
err_lines 1
if shunt prices -h >/dev/null 2>&1; then
    ok "prices are set" 0 shunt prices --store s.db --set cheap:input=0.05,output=0.5,dear:input=1,output=10
    ok "computed costs" 0 shunt forecast --store s.db --requests-per-day 1000000 --models cheap,dear --json
    out_has '"usd_per_day":2000.000000000'
    ok "twice the price" 0 shunt forecast --store s.db --requests-per-day 1000000 --models cheap,dear --price dear:x2 --json
    out_has '"usd_per_day":4000.000000000'
    out_has '"usd_per_day":100.000000000'
fi
mkdir n
sed 's/"cost_usd":[0-9.]*,//' o/outcomes.jsonl >n/outcomes.jsonl
cp o/prompts.jsonl n
ok "no costs" 0 shunt import --store n.db --format outcomes n
ok "no forecast without costs" 4 shunt forecast --store n.db --requests-per-day 1000
err_has "shunt prices"
err_lines 1
done_testing
