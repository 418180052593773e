#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian trixie's riscv64 command-line programs from a private root under sundial run -L:
# each says its version, or works without a terminal, and does one real task.
# TIMEOUT: 3600

. selftests/tap.sh
root=$top/build/rv64/root
limit=200
( cd "$top" && timeout 1800 selftests/rv64/sysroot.sh \
	$(sed 's/#.*//' selftests/rv64/sysroot.txt selftests/rv64/sysroot-more.txt) ) >"$work/sysroot.log" 2>&1 ||
	skip_all "no riscv64 packages: $(tail -n 1 "$work/sysroot.log")"
run_opts=(-L "$root")
export HOME=$work GNUPGHOME=$work/gnupg XDG_CACHE_HOME=$work/cache GOCACHE=$work/go
mkdir -m 700 gnupg
printf 'hello\nworld\n' >text
printf 'hello\nriscv\n' >other
mkdir folder && cp text other folder

find_program() { # NAME: its file in the root, or nothing
	local found
	for found in "$root"/usr/{bin,sbin,games}/$1 "$root"/usr/lib/go*/bin/$1; do
		[ -e "$found" ] || [ -L "$found" ] || continue
		echo "$found"
		return
	done
}

# more PACKAGE REGEX PROGRAM ARGS...: ends with 0 and prints, here or on its error output,
# a line that matches. Standard input is ./in.
: >in
more() {
	local package=$1 regex=$2 program
	program=$3
	[ -e "$program" ] || program=$(find_program "$3")
	if [ -z "$program" ]; then
		result 1 "$package: $3 is there"
		return
	fi
	timeout -k 5 "$limit" "$SUNDIAL" run "${run_opts[@]}" -- "$program" "${@:4}" <in >out 2>err
	status=$?
	: >in
	[ $status = 0 ] && { [ -z "$regex" ] || cat out err | tr -d '\0' | grep -qE -- "$regex"; }
	result $? "$package: ${*:3}" "status $status" "$(head -c 400 out)" "$(tail -n 8 err)"
}

more 7zip "Everything is Ok" "$root/usr/lib/7zip/7z" a -bd archive.7z text
more 7zip "Everything is Ok" "$root/usr/lib/7zip/7z" t archive.7z
more aspell "International Ispell" aspell --version
more b3sum "^[0-9a-f]{64}  text" b3sum text
more bat "^world$" batcat --plain --color=never --paging=never text
more binutils "ecall|ret" riscv64-linux-gnu-objdump -d "$root/usr/bin/true"
printf '%%%%\nx: "a";\n%%%%\n' >in.y
more bison "" bison -o out.c in.y
more bsdextrautils "00000000  68 65 6c 6c 6f" hexdump -C text
more brotli "" brotli -k text && more brotli "^world$" brotli -dc text.br
more bzip2 "" bzip2 -kf text && more bzip2 "^world$" bzip2 -dc text.bz2
more cmake "^[0-9a-f]{64}  text" cmake -E sha256sum text
echo text >in
more cpio "" cpio -o -O archive.cpio && more cpio "^text$" cpio -it -I archive.cpio
more curl "^world$" curl -s "file://$work/text"
more dash "^42$" dash -c 'echo $((6 * 7))'
more dc "^1267650600228229401496703205376$" dc -e '2 100 ^ p'
more diffutils "^hello" sdiff -l text text
more e2fsprogs "" mke2fs -q -F -t ext4 disk 8M && more e2fsprogs "files" e2fsck -fn disk
printf '2p\nq\n' >in
more ed "^world$" ed -s text
more fd-find "folder/text" fdfind text .
more figlet "[|_]" figlet-figlet -d "$root/usr/share/figlet" hi
more file "ELF 64-bit LSB .*RISC-V" file -bL "$root/usr/bin/true"
more fish "^42$" fish --no-config -c 'echo (math "6 * 7")'
printf '%%%%\na puts("a");\n' >in.l
more flex "" flex -o out.c in.l
more fossil "project-id" fossil init --admin-user somebody "$work/x.fossil"
printf 'abc\nbcd\n' >in
more fzf "^bcd$" fzf -f d
more gdb "^.1 = 42$" gdb -nx -batch -ex 'print 6 * 7'
more gnupg "Supported algorithms" gpg --version
more gnupg "66A045B4 52102C59|[0-9A-F]{8} [0-9A-F]{8}" gpg --print-md SHA256 text
more golang-go "go version go1.* linux/riscv64" go version
printf 'package main\n\nfunc main() { println(6 * 7) }\n' >hello.go
more golang-go "^42$" go run hello.go
echo 'digraph { a -> b; b -> a }' >in
more graphviz "a -> b" gvpr -c 'E { $.x = "1" }'
more guile-3.0 "^1267650600228229401496703205376$" guile-3.0 --no-auto-compile -c '(display (expt 2 100))'
more hyperfine "Time" hyperfine -N -r 2 -w 0 "$root/usr/bin/true"
more imagemagick "red|#FF0000" magick-im7.q16 -size 2x2 xc:red txt:-
more iproute2 "LOOPBACK" ip addr show lo
more ksh93u+m "^42$" ksh93 -c 'print $((6 * 7))'
more less "^world$" less text
more libc-bin "^64$" getconf LONG_BIT
printf 'é' >in
more libc-bin "" iconv -f UTF-8 -t ISO-8859-1
more libc-bin "localhost" getent hosts localhost
printf '<a><b/></a>' >in
more libxml2-utils "^  <b/>$" xmllint --format -
more lz4 "" lz4 -qf text text.lz4 && more lz4 "^world$" lz4 -dc text.lz4
echo 'define(x, 42)x' >in
more m4 "^42$" m4
more mawk "^0.667$" mawk 'BEGIN { printf "%.3f\n", 2 / 3 }'
more mercurial "" "$root/usr/bin/python3" "$root/usr/bin/hg" init repository
cp text repository
more mercurial "" "$root/usr/bin/python3" "$root/usr/bin/hg" -R repository commit -A -m first -u somebody && more mercurial "summary: +first" "$root/usr/bin/python3" "$root/usr/bin/hg" -R repository log
more mksh "^42$" mksh -c 'echo $((6 * 7))'
more nano "GNU nano" nano --version
more ncal "November 2026" ncal -C 11 2026
printf 'rule c\n command = cp $in $out\nbuild copy: c text\n' >build.ninja
more ninja-build "" ninja && more diffutils "" cmp text copy
more openssh-client "" ssh-keygen -q -t ed25519 -N '' -f key
more openssh-client "ED25519" ssh-keygen -lf key
echo 'print(factor(2^67-1))' >in
more pari-gp "193707721" gp -q
diff -u text other >change
more patch "patching file" patch -o patched text change
more php-cli "^42$" 'php8*' -r 'echo 6 * 7, "\n";'
more pigz "" pigz -kf -p 4 text && more pigz "^world$" pigz -dc text.gz
more procps "^ *PID" ps -e
more procps "^Mem:" free
more psmisc "PSmisc" pstree -V
# What its package's script would have chosen among several.
export LD_LIBRARY_PATH=$root/usr/lib/riscv64-linux-gnu/blas:$root/usr/lib/riscv64-linux-gnu/lapack
more python3-numpy "^-2.0" python3 -c 'import numpy; print(round(numpy.linalg.det(numpy.array([[1., 2], [3, 4]])), 6)); print(numpy.fft.fft(numpy.ones(8))[0])'
unset LD_LIBRARY_PATH
more ripgrep "^text:hello$" rg --sort path -H hello text
more rsync "" rsync -a folder/ copied/ && more diffutils "" diff -r folder copied
more ruby "^1267650600228229401496703205376$" ruby -e 'puts 2 ** 100'
more ruby "^10$" ruby -e 'q = Queue.new; 10.times { |i| Thread.new { q << i } }; 10.times { q.pop }; puts 10'
more sbcl "1267650600228229401496703205376" sbcl --noinform --no-userinit --eval '(progn (print (expt 2 100)) (gc :full t) (exit))'
more socat "^world$" socat -u OPEN:text STDOUT
more squashfs-tools "" mksquashfs folder image -quiet -no-progress && more squashfs-tools "squashfs-root/text" unsquashfs -l image
more strace "strace -- version" strace -V
more stress-ng "passed: *[0-9]+" stress-ng --verify --cpu 2 --cpu-ops 20 --futex 2 --futex-ops 2000 --atomic 2 --atomic-ops 100 --timeout 60
more systemd "Normalized form" systemd-analyze calendar daily
more systemd "a-b" systemd-escape 'a/b'
echo "puts [expr {2**100}]" >script.tcl
more tcl "^1267650600228229401496703205376$" 'tclsh*' script.tcl
more tree "folder|text" tree folder
more units "1.609" units -t '1 mile' km
more util-linux "^[0-9a-f]{32}$" mcookie
more util-linux "^world$" flock text cat text
more vim-tiny "" vim.tiny -es -u NONE -c '%s/world/vim/' -c 'w! edited' -c 'q!' text
is "$(tail -n 1 edited)" vim "vim-tiny: what it edited"
more wget "GNU Wget" wget --version
more xxd "6865 6c6c 6f" xxd text
more zip "adding: text" zip archive.zip text && more unzip "testing: text +OK" unzip -t archive.zip
more zsh "^42$" zsh -f -c 'echo $((6 * 7))'

# Servers, and clients that talk to them.
server() { # PROGRAM ARGS...
	"$SUNDIAL" run "${run_opts[@]}" -- "$(find_program "$1")" "${@:2}" >server.log 2>&1 &
	server=$!
	trap 'kill $server 2>/dev/null' EXIT
}
stop_server() {
	kill "$server"
	wait "$server" 2>/dev/null
}
server valkey-server --port 0 --unixsocket "$work/valkey" --save ""
for _ in $(seq 200); do [ -S valkey ] && break; sleep 0.1; done
more valkey "^OK$" valkey-cli -s valkey set key value
more valkey "^value$" valkey-cli -s valkey get key
more valkey "requests per second|GET" valkey-benchmark -s valkey -q -n 2000 -c 10 -t get,set
more valkey "used_memory_human" valkey-cli -s valkey info memory
stop_server
cat >nginx.conf <<END
pid $work/nginx.pid; error_log $work/nginx.log; daemon off; worker_processes 2;
events { }
http { access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
server { listen unix:$work/nginx; root $work; } }
END
server nginx -e "$work/nginx.log" -c "$work/nginx.conf"
for _ in $(seq 200); do [ -S nginx ] && break; sleep 0.1; done
more nginx "^world$" curl -s --unix-socket nginx http://localhost/text
stop_server
done_testing
