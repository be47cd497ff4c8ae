# Public data, read in place: the quality that the README claims, and the gate on a model update.
. "$(dirname "$0")/lib.sh"
[ -d "$SHARED/datasets" ] || skip_all "no public data at ../shared/datasets"
[ -z "${SHUNT_SANITIZED:-}" ] || skip_all "too slow under sanitizers; other tests cover the code"

number() { tr ',{' '\n\n' <"$2" | sed -n "s/^\"$1\":\([-0-9.e]*\).*/\1/p" | head -n 1; }
at_least() { # NAME FILE BOUND
    v=$(number "$1" "$2")
    if awk -v v="${v:-0}" -v b="$3" 'BEGIN { exit !(v >= b) }'; then pass "$1 is at least $3"; else
        fail "$1 is at least $3" "it is ${v:-absent}"; fi
}
at_most() {
    v=$(number "$1" "$2")
    if awk -v v="${v:-9}" -v b="$3" 'BEGIN { exit !(v <= b) }'; then pass "$1 is at most $3"; else
        fail "$1 is at most $3" "it is ${v:-absent}"; fi
}

ok "import cascades" 0 shunt import -q --store c.db --format outcomes "$SHARED/datasets/cascades"
ok "train cascades" 0 shunt train -q --store c.db --cross-fit 5 --seed 1
ok "eval cascades" 0 shunt eval -q --store c.db --json
at_least aiq out 0.832
at_least aiq_singles out 0.8120
at_most aiq_singles out 0.8128
at_most cost_share_at_best_single out 0.50
ok "compile cascades" 0 shunt compile -q --store c.db -o c.shunt
ok "two models of nine" 0 shunt eval -q --store c.db --json --models gpt-4o-mini,gpt-4o
at_least apgr out 0.5

ok "import llmdrift" 0 shunt import -q --store d.db --format outcomes "$SHARED/datasets/llmdrift"
ok "the update of gpt-4 fails the gate" 1 shunt gate --store d.db --baseline gpt-4-0314 --candidate gpt-4-0613 --max-drop 0.02
out_has "prime 0.840 -> 0.511"
out_has "happy 0.836 -> 0.352"
out_has "leetcode_easy 0.520 -> 0.100"
ok "a model against itself passes" 0 shunt gate --store d.db --baseline gpt-4-0314 --candidate gpt-4-0314 --max-drop 0.02

ok "import MMLU" 0 shunt import -q --store m.db --format routellm "$SHARED/datasets/routellm/mmlu"
ok "train MMLU" 0 shunt train -q --store m.db --cross-fit 5 --seed 1
ok "eval MMLU" 0 shunt eval -q --store m.db --json
at_least apgr out 0.700
ok "compile MMLU, which has no cost" 0 shunt compile -q --store m.db -o m.shunt
done_testing
