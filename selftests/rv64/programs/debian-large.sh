#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian trixie's riscv64 compilers and JITs from a private root under sundial run -L.
# TIMEOUT: 1800

. selftests/tap.sh
root=$top/build/rv64/root
limit=280
( cd "$top" && timeout 1200 selftests/rv64/sysroot.sh \
	$(sed 's/#.*//' selftests/rv64/sysroot-large.txt) ) >"$work/sysroot.log" 2>&1 ||
	skip_all "no riscv64 packages: $(tail -n 1 "$work/sysroot.log")"
run_opts=(-L "$root")

cat >hello.c <<'END'
#include <math.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("%s %.3f\n", "compiled on riscv64", sqrt(argc + 1));
	return 7;
}
END
run "$root/usr/bin/gcc" -O2 -o hello hello.c -lm
exits 0 "gcc compiles and links"
run ./hello
is "$(cat out)" "compiled on riscv64 1.414" "what it compiled runs"
exits 7 "with its status"

run "$root/usr/bin/node" -e '
let s = 0;
for (let i = 0; i < 1e7; i++) s = (s * 31 + i) | 0;
console.log(process.arch, s);
const zlib = require("zlib"), {Worker} = require("worker_threads");
console.log(zlib.gunzipSync(zlib.gzipSync("x".repeat(1e6))).length);
setTimeout(() => console.log("timer"), 20);
new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", {eval: true})
	.on("message", m => setTimeout(() => console.log("worker", m), 100));'
is "$(tr '\n' ' ' <out)" "riscv64 823511872 1000000 timer worker 42 " "node: its JIT, zlib, a timer, a worker" ||
	head -n 5 err | sed 's/^/#   /'

java=$root/usr/lib/jvm/default-java/bin
[ -x "$java/java" ] || java=$(dirname "$(ls "$root"/usr/lib/jvm/*/bin/java | head -n 1)")
run "$java/java" -version
like err "OpenJDK 64-Bit Server VM .*mixed mode" "java starts with its JIT"
run "$java/keytool" -genkeypair -alias a -keyalg RSA -keysize 1024 -dname CN=x -keystore keys \
	-storepass secret1 -keypass secret1
exits 0 "a Java program makes a key pair"
run "$java/keytool" -list -keystore keys -storepass secret1
like out "PrivateKeyEntry" "and reads it back"
done_testing
