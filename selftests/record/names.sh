#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where rewind takes names and lines from: files that are still those of the recording,
# demangled, and from a server only if it may.

. selftests/record/record.sh
need objcopy rustc g++

cp "$top/build/record/corpus/null_dereference" program
record ./program
"$SUNDIAL" rewind recording >text
like text '#0 +main at .*null_dereference.c:[0-9]+' "the file as it was: names and lines"
cp "$top/build/record/corpus/assertion" program
"$SUNDIAL" rewind recording >text
like text 'program is not the file that was recorded' "another file of that name is told"
unlike text '#0 +[a-z]' "and names nothing"
mv program elsewhere
"$SUNDIAL" rewind recording >text
like text 'program is not here' "a file that is gone is told"

cat >twice.cpp <<'END'
#include <cstdlib>
#include <vector>
namespace shop { template<typename T> struct till { __attribute__((noinline)) T add(std::vector<T> *of) { return (*of)[3]; } }; }
int main() { shop::till<int> t; return t.add(nullptr); }
END
g++ -O1 -g -o cplus twice.cpp
record ./cplus
"$SUNDIAL" rewind recording >text
like text 'shop::till<int>::add\(std::vector<int, ?std::allocator<int> ?>\*\)' "C++ is demangled"
cat >shop.rs <<'END'
mod shop { pub struct Till<T>(pub T);
  impl<T: Copy> Till<T> { #[inline(never)] pub fn add(&self, p: *const T) -> T { unsafe { std::ptr::read_volatile(p) } } } }
fn main() { let t = shop::Till(1u64); std::process::exit(t.add(std::ptr::null::<u64>().wrapping_add(1)) as i32); }
END
for mangling in legacy v0; do
	rustc -C debuginfo=2 -O -C symbol-mangling-version=$mangling -Z unstable-options -o rust-$mangling \
		shop.rs 2>rustc.err || RUSTC_BOOTSTRAP=1 rustc -C debuginfo=2 -O \
		-C symbol-mangling-version=$mangling -Z unstable-options -o rust-$mangling shop.rs 2>rustc.err
	record ./rust-$mangling
	"$SUNDIAL" rewind recording >text
	like text 'in .*shop::Till<[a-z0-9T]+>(>|)::add' "Rust is demangled: $mangling"
	unlike text '::h[0-9a-f]{16}|_R[A-Z]|_ZN' "without a hash: $mangling"
done

# A program without debugging information, which a server has.
cp "$top/build/record/corpus/null_dereference" bare
id=$(readelf -n bare | sed -n 's/.*Build ID: //p')
mkdir -p "server/buildid/$id"
objcopy --only-keep-debug bare "server/buildid/$id/debuginfo"
strip bare
record ./bare
(cd server && exec "$python" -u -m http.server 0 --bind 127.0.0.1) >server.log 2>&1 &
server=$!
for _ in $(seq 200); do
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)
	[ -z "$port" ] || break
	sleep 0.05
done
export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$work/cache
"$SUNDIAL" rewind recording >text
unlike text 'null_dereference.c' "no server is asked by itself"
unlike server.log GET "not even once"
"$SUNDIAL" rewind --debuginfod recording >text
like text '#0 .*null_dereference.c:[0-9]+' "--debuginfod: the server's lines"
kill $server
wait $server 2>/dev/null
done_testing
