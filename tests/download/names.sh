# A file's name comes from the URL, stays in its folder, and belongs to one
# URL alone. The server answers each with the path that it was asked for.
. "$(dirname "$0")/common.sh"
start_broken

is() {
    [ "$(cat "got/$1")" = "$2" ] || fail "$1 is not from $2"
}

cat >list <<END
# a comment, then blank lines

  $broken/same?first  
$broken/other/same
$broken/same.1
$broken/third/same
END
printf '%s\r\n' "$broken/from-dos" >>list
printf '%s' "$broken/unended" >>list
run 0 -o got -i list "$broken/argument"
holds_only got same same.1 same.1.1 same.2 from-dos unended argument
is same '/same?first'
is same.1 /other/same
is same.1.1 /same.1
is same.2 /third/same
is argument /argument

# Standard input is a list too, and a folder is made where none is.
rm -r got
run 0 -o got -i - <<END
$broken/
$broken
$broken/a/%2e%2e
$broken/..%2f..%2fetc%2fpasswd
$broken/a%20b%0ac%00d%7f%1b
$broken/%C3%A9t%C3%A9
$broken/query?a=/b/c
END
holds_only got index.html index.html.1 index.html.2 .._.._etc_passwd \
    a\ b_c_d__ été query

# A name that is too long is cut, within a character if need be not.
rm -r got
long=$(printf 'x%0238d' 0)
run 0 -o got "$broken/$long%C3%A9$long" "$broken/$long%C3%A9$long"
holds_only got "$long" "$long.1"

# What is there is replaced.
echo old >got/new
run 0 -o got "$broken/new"
is new /new
