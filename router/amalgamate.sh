#!/bin/sh
# The whole library as two files, shunt.c and shunt.h, for projects that compile it in:
#
#   router/amalgamate.sh FOLDER VERSION
#   cc -std=c11 -O2 -ffp-contract=off -c shunt.c
#
# Headers are written once, where they are first needed. What two source files both name at file
# scope (static functions, types, constants) gets the file's name behind it; macros end with their
# file.
set -eu
out=$1 version=$2
cd "$(dirname "$0")/.."
mkdir -p "$out"

# A public header without its includes of public headers, which stand before it or after it.
plain() { grep -v '^#include "shunt' "$1"; }
{
    echo "/* libshunt $version, in one header. See shunt.c. */"
    plain router/shunt.h
    plain router/shunt_ops.h
} >"$out/shunt.h.tmp"
mv "$out/shunt.h.tmp" "$out/shunt.h"

sources=$(ls router/*.c | grep -v '/wide\.c$')
if [ -f router/wide.c ]; then sources="$sources router/wide.c"; fi # it sets a target for what follows
# shellcheck disable=SC2086
awk -v version="$version" '
# Lines of a source file with our headers put in where they are first included.
function load(path, unit,    line, inner, n) {
    while ((getline line < path) > 0) {
        if (line ~ /^#include "/) {
            inner = line
            sub(/^#include "/, "", inner)
            sub(/".*/, "", inner)
            if (inner !~ /\//) inner = "router/" inner
            if (inner ~ /\.h$/ && seen[inner]++) continue
            if (inner == "router/shunt.h") { add(unit, "#include \"shunt.h\"", ""); seen["router/shunt_ops.h"] = 1; continue }
            if (inner == "router/shunt_ops.h") { if (!seen["router/shunt.h"]++) add(unit, "#include \"shunt.h\"", ""); continue }
            load(inner, unit)
            continue
        }
        add(unit, line, path)
    }
    close(path)
}
function add(unit, line, path) { text[++lines] = line; of[lines] = unit; header[lines] = path ~ /\.h$/ }
# The names that a file gives at file scope.
function note(name, unit, is_header) {
    if (name == "" || name ~ /^(struct )?(SHUNT_|shunt_)/) return
    if (is_header) { in_header[name] = 1; return }
    if (!((name, unit) in given)) { given[name, unit] = 1; times[name]++ }
}
function scan(i,    l, name, part, n, k, h) {
    l = text[i]
    h = header[i]
    if (l ~ /^#define [A-Za-z_]/) {
        name = l; sub(/^#define /, "", name); sub(/[^A-Za-z0-9_].*/, "", name)
        if (!h) macro[of[i]] = macro[of[i]] " " name
        return
    }
    if (in_enum || l ~ /^enum( [a-z_]+)? \{/) {
        name = l
        in_enum = l !~ /}/
        sub(/^enum( [a-z_]+)? \{/, "", name)
        gsub(/\/\*.*\*\//, "", name)
        n = split(name, part, ",")
        for (k = 1; k <= n; k++) {
            name = part[k]; sub(/=.*/, "", name); gsub(/[^A-Za-z0-9_]/, "", name)
            note(name, of[i], h)
        }
        return
    }
    if (l ~ /^(struct|enum|union) [a-z_0-9]+ \{/) {
        name = l; sub(/^[a-z]+ /, "", name); sub(/ \{.*/, "", name); note("struct " name, of[i], h)
        return
    }
    if (l ~ /^[A-Z][A-Z_]*\([a-z_]+, .*\)$/) { # a macro that makes the function it is given the name of
        name = l; sub(/^[A-Z_]*\(/, "", name); sub(/,.*/, "", name); note(name, of[i], h)
        return
    }
    if (l ~ /^(__attribute__\(\([a-z_]+\)\) )?static /) {
        name = l
        sub(/[(\[=;].*/, "", name)
        if (l ~ /^__attribute__/) { name = l; sub(/^__attribute__\(\([a-z_]+\)\) /, "", name); sub(/[(\[=;].*/, "", name) }
        sub(/ +$/, "", name)
        sub(/.*[ *]/, "", name)
        note(name, of[i], h)
    }
}
# A line with the names in question renamed, but for members and what stands in quotes.
function rename(l, unit,    outl, c, word, before, q, key) {
    outl = ""
    while (l != "") {
        c = substr(l, 1, 1)
        if (c == "\"" || c == "\047") {
            q = c; outl = outl c; l = substr(l, 2)
            while (l != "") {
                c = substr(l, 1, 1); outl = outl c; l = substr(l, 2)
                if (c == "\\") { outl = outl substr(l, 1, 1); l = substr(l, 2) }
                else if (c == q) break
            }
        } else if (match(l, /^[A-Za-z_][A-Za-z0-9_]*/)) {
            word = substr(l, 1, RLENGTH); l = substr(l, RLENGTH + 1)
            before = substr(outl, length(outl)); if (outl ~ /->$/) before = "."
            key = outl ~ /(^|[^A-Za-z0-9_])(struct|enum|union) +$/ ? "struct " word : word
            if (((key, unit) in given) && (times[key] > 1 || key in in_header) && before != ".") word = word "__" unit
            outl = outl word
        } else if (match(l, /^[0-9][A-Za-z0-9_.]*/)) {
            outl = outl substr(l, 1, RLENGTH); l = substr(l, RLENGTH + 1)
        } else { outl = outl c; l = substr(l, 2) }
    }
    return outl
}
BEGIN {
    for (a = 1; a < ARGC; a++) {
        unit = ARGV[a]; sub(/.*\//, "", unit); sub(/\.c$/, "", unit)
        order[a] = unit
        load(ARGV[a], unit)
    }
    for (i = 1; i <= lines; i++) scan(i)
    print "/* libshunt " version ", in one file: made from the folder router/ by router/amalgamate.sh. Needs C11, libc"
    print " * and libm. Compile with -ffp-contract=off, so that every machine answers alike. */"
    print "#ifndef _POSIX_C_SOURCE\n#define _POSIX_C_SOURCE 200809L\n#endif"
    print "#ifndef SHUNT_VERSION\n#define SHUNT_VERSION \"" version "\"\n#endif"
    last = ""
    for (i = 1; i <= lines; i++) {
        if (of[i] != last) {
            finish(last)
            print "\n/* ==== " of[i] ".c ==== */"
            last = of[i]
        }
        print header[i] ? text[i] : rename(text[i], of[i])
    }
    finish(last)
}
function finish(unit,    n, part, k) {
    n = split(macro[unit], part, " ")
    for (k = 1; k <= n; k++) print "#undef " part[k]
}' $sources >"$out/shunt.c.tmp"
mv "$out/shunt.c.tmp" "$out/shunt.c"
