#!/usr/bin/env bash
# The generator of the code tables: the same tables each time, and a sentence instead of tables for each thing that is wrong
# with what it reads.
# usage: test_generate.sh GENERATOR JSON-FOLDER LOCALE-FOLDER DATA-FOLDER
set -euo pipefail
generate=$1 json=$2 locale=$3 data=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

"$generate" "$json" "$locale" "$data" "$work/first.c"
"$generate" "$json" "$locale" "$data" "$work/second.c"
cmp "$work/first.c" "$work/second.c"

# refused SENTENCE: with the folders of $work as they are now.
refused() {
    if output=$("$generate" "$work/json" "$work/locale" "$work/data" "$work/out.c" 2>&1) ||
        ! grep -qF "generate-codes: " <<<"$output" || ! grep -qF "$1" <<<"$output"; then
        printf 'expected a refusal with: %s\nnot: %s\n' "$1" "$output" >&2
        failed=1
    fi
    fresh
}

fresh() {
    rm -rf "${work:?}"/{json,locale,data}
    mkdir -p "$work/json" "$work/locale/zh_CN/LC_MESSAGES"
    cp "$json"/iso_{3166-1,3166-2,4217}.json "$work/json/"
    cp "$locale"/zh_CN/LC_MESSAGES/iso_{3166-1,3166-2,4217}.mo "$work/locale/zh_CN/LC_MESSAGES/"
    cp -r "$data" "$work/data"
}
fresh
chinese=$work/locale/zh_CN/LC_MESSAGES

rm -r "$work/locale/zh_CN"
refused '0 of 249 codes have a Chinese name'
rm "$chinese/iso_3166-2.mo"
refused 'zh_CN/LC_MESSAGES/iso_3166-2.mo: install iso-codes with its translations'
head -c 9 "$locale/zh_CN/LC_MESSAGES/iso_4217.mo" >"$chinese/iso_4217.mo"
refused 'iso_4217.mo ends in the middle'
head -c 5000 "$locale/zh_CN/LC_MESSAGES/iso_3166-1.mo" >"$chinese/iso_3166-1.mo"
refused 'iso_3166-1.mo has a text beyond its end'
echo 'no catalog, though it is long enough for one' >"$chinese/iso_3166-1.mo"
refused 'iso_3166-1.mo is not a message catalog'
echo '{"4217": [{"name": "Euro"}]}' >"$work/json/iso_4217.json"
refused 'a row of iso-codes lacks "alpha_3" or "name"'
echo '{"4217":' >"$work/json/iso_4217.json"
refused 'iso_4217.json:'
rm "$work/json/iso_3166-1.json"
refused 'iso_3166-1.json'
echo 'ES-ZZ,Nowhere,无' >>"$work/data/subdivisions.csv"
refused 'code ES-ZZ is not in its list'
echo 'ES-CT,Catalonia' >>"$work/data/subdivisions.csv"
refused 'subdivisions.csv:75: 2 fields instead of 3'
sed -i 's/ 11\.7/ 11.8/' "$work/data/sdg.csv"
refused 'sdg.csv:12: target 11.8 is out of order'
sed -i 's/,2021,/,long ago,/' "$work/data/urban-agenda.csv"
refused '"long ago" is not a number'
sed -i '2p' "$work/data/urban-agenda.csv"
refused 'code inclusion-of-migrants-and-refugees stands in its list twice'
exit "$failed"
