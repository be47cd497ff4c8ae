# shunt card: what it says of a small store, and that an error writes nothing.
. "$(dirname "$0")/lib.sh"

ok "no folder" 2 shunt card --store none.db
err_has "-o DIR"
ok "no store" 3 shunt card --store none.db -o card
try "nothing is written without a store" test ! -e card

# Two tasks; 'large' is always right on one of them; 'flat' is always right; 'gap' is not priced.
mkdir data
awk 'BEGIN { for (i = 0; i < 240; i++) {
    t = i % 2 ? "sums" : "words|and <b>pipes</b>"
    printf("{\"prompt_id\":\"p%d\",\"task\":\"%s\",\"prompt\":\"number %d of the kind %d\"}\n", i, t, i, i % 7) > "data/prompts.jsonl"
    split("small large flat", name, " ")
    for (m = 1; m <= 3; m++)
        printf("{\"prompt_id\":\"p%d\",\"model\":\"%s\",\"score\":%d,\"cost_usd\":%.6f,\"prompt_tokens\":10,\"completion_tokens\":5}\n",
            i, name[m], (m == 1 ? i % 7 < 4 : m == 2 ? i % 9 != 0 : 1), m == 1 ? 0.0003 : m == 2 ? 0.002 : 0.004) > "data/outcomes.jsonl" } }'
ok "import" 0 shunt import -q --store s.db --format outcomes data
ok "no router" 2 shunt card --store s.db -o card
err_lines 1
ok "train" 0 shunt train -q --store s.db --cross-fit 4 --c-grid 1 --router first
ok "nothing evaluated" 2 shunt card --store s.db -o card
err_has "run 'shunt eval'"
try "nothing is written before eval" test ! -e card
ok "prices" 0 shunt prices --store s.db --set small:input=1,output=2
ok "eval" 0 shunt eval -q --store s.db --json
cp out eval.json
ok "the card" 0 shunt card --store s.db -o deep/card
out_is "deep/card/card.md"
cp deep/card/card.md out
out_has "# Model card: router first"
out_has "cross-fitted over 4 folds"
out_has "240 prompts in 240 groups"
out_has "| all folds | 240 | 2 |"
out_has "flat was always right, always wrong, or has no scores"
out_has "All figures rest on 240 prompts only."
out_has "No near duplicates were joined"
out_has "There is no price of flat, large:"
out_has '| small | \$1.00 | \$2.00 |'
out_has "Costs are flat: as reported; large: as reported; small: tokens times price."
out_has "| sums | 120 | 1.0000 (1.0000 to 1.0000) |"
out_has "power on 240 prompts"
out_lacks "<b>pipes" "names are escaped"
cp deep/card/card.json out
out_has '{"schema":"shunt.card/1","router":"first","encoder":"hashed","mode":"cross-fit","folds":4'
out_has '{"model":"small","input_usd_per_mtok":1,"output_usd_per_mtok":2,"usd_per_request":null}'
out_has '"task":"sums","prompts":120'
number() { tr ',{[' '\n\n\n' <"$2" | sed -n "s/^\"$1\":\([-0-9.e]*\).*/\1/p" | head -n 1; }
a=$(number aiq deep/card/card.json) b=$(number aiq eval.json)
try "figures are eval's ($a)" awk -v a="${a:-x}" -v b="${b:-y}" 'BEGIN { d = a - b; exit !(d * d < 1e-18 && b > 0) }'
if command -v python3 >/dev/null; then
    try "card.json is JSON" python3 -c 'import json; json.load(open("deep/card/card.json"))'
fi
ok "again, the same" 0 shunt card --store s.db -o again
try "byte for byte" cmp deep/card/card.md again/card.md
ok "near duplicates" 0 shunt split --store s.db --near-duplicates .5
ok "by splits" 0 shunt train -q --store s.db --c-grid 1 --router second
ok "eval of it" 0 shunt eval -q --store s.db
ok "its card" 0 shunt card --store s.db -o two
cp two/card.md out
out_has "router second"
out_has "figures taken from test"
out_has "| train |"
out_has "| test |"
ok "the older one" 0 shunt card --store s.db -o three --router first
ok "one that is not there" 2 shunt card --store s.db -o four --router third
try "nothing is written for it" test ! -e four
done_testing
