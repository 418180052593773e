#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What system calls name: paths of files and addresses of sockets, and page faults.

. selftests/record/record.sh

cat >names.py <<'END'
import ctypes, os, socket

def tried(call, *arguments):
    try:
        return call(*arguments)
    except OSError:
        return None

for family, address in ((socket.AF_INET, ("127.0.0.1", 1)), (socket.AF_INET6, ("::1", 2)),
                        (socket.AF_UNIX, "/nowhere/socket"), (socket.AF_UNIX, "\0abstract")):
    tried(socket.socket(family).connect, address)
listener = socket.socket()
listener.bind(("127.0.0.3", 0))
listener.listen()
client = socket.socket()
client.bind(("127.0.0.2", 0))
client.connect(listener.getsockname())
listener.accept()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.4", 0))
datagrams.sendto(b"x", datagrams.getsockname())
datagrams.recvfrom(10)
datagrams.sendmsg([b"x"], [], 0, datagrams.getsockname())
datagrams.recvmsg(10)
tried(os.rename, "/nowhere/from", "/nowhere/to")
tried(os.unlink, "/nowhere/" + "long" * 30 + "/end")
ctypes.CDLL(None).unlink(ctypes.c_void_p(8))
tried(os.kill, 0, 99)
tried(os.lseek, 77, -5, os.SEEK_END)
os.kill(os.getpid(), 0)
END

# has TYPE CALL VALUE NAME: whether an event of that call has that path or address
has() {
	jq -e --arg type "$1" --arg call "$2: " --arg value "$3" 'any(.events[]; .type == $type and
		(.words | startswith($call)) and ((.path // .address) | test($value)))' json >/dev/null
	result $? "$4" "$(jq -r --arg type "$1" '.events[] | select(.type == $type) | .words' json | tail -n 15)"
}

record_opts=(--no-sched --no-malloc --faults)
record /usr/bin/python3 names.py
exits 0 "the program runs"
show
for words in 'kill\(0, 99\) = -EINVAL' 'lseek\(77, -5, 2\) = -EBADF' 'kill\([0-9]+, 0\) = 0' 'getpid\(\) = [0-9]+'; do
	jq -e --arg words "^$words, " 'any(.events[]; .type == "syscall" and (.words | test($words)))' json >/dev/null
	result $? "a call has its own arguments: $words" "$(jq -r '.events[] | select(.type == "syscall") | .words' json | grep "${words%%[\\]*}" | head)"
done
has net connect '^127\.0\.0\.1:1$' "an address of IPv4"
has net connect '^\[::1\]:2$' "of IPv6"
has net connect '^unix:/nowhere/socket$' "of a UNIX socket"
has net connect '^unix:@abstract$' "and one without a file"
has net bind '^127\.0\.0\.3:0$' "bind"
has net accept4 '^127\.0\.0\.2:[1-9]' "accept tells who came"
has net sendto '^127\.0\.0\.4:[1-9]' "sendto"
has net recvfrom '^127\.0\.0\.4:[1-9]' "recvfrom"
has net sendmsg '^127\.0\.0\.4:[1-9]' "sendmsg"
has net recvmsg '^127\.0\.0\.4:[1-9]' "recvmsg"
has file rename '^/nowhere/from$' "both paths"
has file rename '^/nowhere/to$' "of a call"
is "$(jq -r '[.events[] | select(.type == "file" and (.words | startswith("unlink")) and .status != "fault")
	| .path] | add' json)" "/nowhere/$(printf 'long%.0s' $(seq 30))/end" "a long path, in parts"
is "$(jq -r '.events[] | select(.type == "file" and .status == "fault") | .words' json)" \
	"unlink: a path that could not be read" "a path that is not there"
between "$(jq '[.events[] | select(.type == "fault")] | length' json)" 100 1000000 "page faults"

record_opts=(--no-sched --no-malloc --no-files)
record /usr/bin/python3 names.py
show
is "$(jq -c '[.events[].type] | map(select(. == "file" or . == "net" or . == "fault"))' json)" "[]" \
	"nothing of it with --no-files"
done_testing
