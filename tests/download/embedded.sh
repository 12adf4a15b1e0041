# 200 files from the example's own server, with a 404 and a connection that is
# refused among them: the files are equal, the table is in input order.
. "$(dirname "$0")/common.sh"
start_serve
start_broken

i=0
while [ $i -lt 200 ]; do
    echo "$url/file-$i.bin"
    i=$((i + 1))
done >list
run 0 -o got -i list
has out '^200 of 200 downloaded, 0 failed, 0 cancelled'
has_lines err 200 || fail "not a line for each transfer"
diff -r served got >differences || [ "$(cat differences)" = \
    "Only in served: slow.bin" ] || fail "$(cat differences)"
sed -n '2,201s/ .*//p' out >order
sed 's,.*/,,' list | cmp -s - order || fail "the table is not in input order"

# The errors stay in their rows.
rm -r got
run 1 -o got --retries 0 "$url/file-3.bin" "$url/nothing.bin" \
    "$refusing/refused.bin" "$url/file-4.bin"
[ "$(sed -n 2p out | cut -c 1-16)" = "file-3.bin   ok " ] ||
    fail "row 1: $(sed -n 2p out)"
sed -n 3p out | grep -q '^nothing.bin *failed .* HTTP 404 Not Found$' ||
    fail "row 2: $(sed -n 3p out)"
sed -n 4p out |
    grep -q '^refused.bin *failed .* cannot connect: Connection refused$' ||
    fail "row 3: $(sed -n 4p out)"
has out '^file-4.bin *ok '
has out "^failed: $url/nothing.bin$"
holds_only got file-3.bin file-4.bin
same got/file-4.bin served/file-4.bin
