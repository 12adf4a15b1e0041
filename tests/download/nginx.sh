# 200 files from nginx: checksums are equal, and each worker keeps its
# connection from one file to the next. Then an error page, and Ctrl-C.
. "$(dirname "$0")/common.sh"
nginx=$3
mkdir served run

i=0
while [ $i -lt 200 ]; do
    head -c $((i * 701)) /dev/urandom >served/file-$i.bin
    i=$((i + 1))
done
head -c 20000000 /dev/urandom >served/large.bin

write_config() {
    cat >nginx.conf <<END
daemon off;
master_process off;
pid run/pid;
error_log run/error.log;
events {
    worker_connections 256;
}
http {
    client_body_temp_path run/body;
    proxy_temp_path run/proxy;
    fastcgi_temp_path run/fastcgi;
    uwsgi_temp_path run/uwsgi;
    scgi_temp_path run/scgi;
    log_format used '\$connection';
    access_log run/access.log used;
    keepalive_requests 10000;
    server {
        listen 127.0.0.1:$1;
        location / {
            root served;
        }
        location /slow/ {
            alias served/;
            limit_rate 20k;
        }
    }
}
END
}

# The pid file is written once the port is bound.
is_up_or_gone() {
    [ -s run/pid ] || ! kill -0 "$1" 2>/dev/null
}

start_nginx() {
    port=$((20000 + $$ % 20000))
    until [ -s run/pid ]; do
        port=$((port + 1))
        write_config $port
        "$nginx" -p "$scratch" -e run/error.log -c nginx.conf 2>nginx.err &
        pid=$!
        wait_for is_up_or_gone $pid
        grep -v 'in use' nginx.err >/dev/null 2>&1 && [ ! -s run/pid ] &&
            fail "nginx: $(cat nginx.err)"
    done
    servers="$servers $pid"
    url=http://127.0.0.1:$port
}
start_nginx

(cd served && ls) | sed "s,^,$url/," >list
run 0 -j 4 -o got -i list
has out '^201 of 201 downloaded, 0 failed, 0 cancelled'
(cd served && cksum -- *) >sums
(cd got && cksum -- *) >got.sums
same sums got.sums
connections=$(sort -u run/access.log | wc -l)
[ "$connections" -le 4 ] || fail "$connections connections of 4 workers"

run 1 -o got --retries 3 "$url/file-1.bin" "$url/nothing"
has out '^nothing *failed .* HTTP 404 Not Found$'

rm -r got
mkdir got
has_data() {
    find got -name '.download-*' -size +0 | grep -q .
}
env --default-signal=INT "$download" -o got "$url/file-9.bin" \
    "$url/slow/large.bin" >out 2>err &
pid=$!
wait_for [ -f got/file-9.bin ]
wait_for has_data
kill -INT $pid
status=0
wait $pid || status=$?
[ $status -eq 130 ] || fail "status $status after Ctrl-C"
has out '^file-9.bin *ok '
has out '^large.bin *cancelled .* interrupted$'
holds_only got file-9.bin
