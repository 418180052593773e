// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: rust-panic */
/* flags: -C panic=abort */
/* says: attempt to divide by zero */
/* A panic in a program that is built to abort on one. */
#[inline(never)]
fn average(sum: i32, count: i32) -> i32 {
    sum / count /* crashed */
}

fn main() {
    let count = std::env::args().count() as i32 - 1;
    std::process::exit(average(10, count));
}
