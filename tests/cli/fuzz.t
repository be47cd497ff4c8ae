# The fuzz targets over their committed corpora, each input changed in 500 ways: no crash, no refused answer of an
# accepted table, no difference from the naive encoder. Under the sanitizers too, as make test runs this twice.
. "$(dirname "$0")/lib.sh"
ln -s "$ROOT/tests" tests # fuzz_record reads a table from there
for f in encode record; do
    ok "$f" 0 "$BUILD/fuzz_$f" -m "${SHUNT_FUZZ_CHANGES:-500}" tests/fuzz/corpus/$f/*
done
ok "open" 0 "$BUILD/fuzz_open" -m "${SHUNT_FUZZ_CHANGES:-3000}" tests/fixtures/router-*.shunt
ok "reply" 0 "$BUILD/fuzz_reply" -m "${SHUNT_FUZZ_CHANGES:-500}" tests/fixtures/collect/* tests/fuzz/corpus/reply/*
ok "a driver without files says what it wants" 2 "$BUILD/fuzz_open"
done_testing
