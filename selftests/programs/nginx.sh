#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nginx: a master, two workers, a listening socket they share, and curl.
# TIMEOUT: 240

. selftests/tap.sh
need jq nginx curl

mkdir -p root
echo "<p>hello</p>" >root/index.html
head -c 300000 /dev/zero | tr '\0' x >root/big
cat >nginx.conf <<END
daemon off;
pid $work/nginx.pid;
error_log $work/error.log notice;
worker_processes 2;
$([ "$(id -u)" = 0 ] && echo "user root;")
events { worker_connections 64; }
http {
	access_log $work/access.log;
	client_body_temp_path $work/body;
	proxy_temp_path $work/proxy;
	fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi;
	scgi_temp_path $work/scgi;
	keepalive_timeout 30;
	server {
		listen 127.0.0.1:7080;
		listen unix:$work/nginx.sock;
		root $work/root;
		location /moved { return 301 /index.html; }
		location /proxy/ { proxy_pass http://127.0.0.1:7080/; }
	}
}
END
cat >guest.sh <<'END'
nginx -p "$PWD" -c "$PWD/nginx.conf" 2>start.log &
master=$!
url=http://127.0.0.1:7080
until curl -s -o ready $url/; do sleep 0.1; done
curl -s $url/
curl -s --unix-socket nginx.sock http://localhost/
curl -s -o got -w '%{http_code} %{size_download}\n' $url/big
cmp got root/big && echo "the same bytes"
curl -s -o gone -w '%{http_code}\n' $url/missing
curl -sL -w '%{num_redirects}\n' $url/moved
curl -s $url/proxy/index.html
for i in 1 2 3 4 5 6 7 8; do curl -s -o many.$i "$url/big" & done
wait $(jobs -p | tail -n +2)
cat many.* | wc -c
sleep 1d
curl -s -D - -o again $url/ | grep -i '^date:' | cut -c1-22
grep -c " 200 " access.log
kill -HUP $master
sleep 1
curl -s $url/
kill -QUIT $master
wait $master
echo "nginx $?"
END
cat >want <<'END'
<p>hello</p>
<p>hello</p>
200 300000
the same bytes
404
<p>hello</p>
1
<p>hello</p>
2400000
Date: Sun, 02 Jan 2000
15
<p>hello</p>
nginx 0
END
limit=120
sim bash guest.sh
exits 0 "the session ends well"
sed -i '/^15$/d' want
grep -vE '^1[4-9]$' out >out.most
same out.most want "pages over TCP and a UNIX socket, redirected, proxied, eight at once"
took_virtual 86400 86500 "a day passes"
like access.log '02/Jan/2000' "the log has virtual dates"
is "$(grep -c 'start worker process ' error.log)" 4 "two workers, and two after the reload"
done_testing
