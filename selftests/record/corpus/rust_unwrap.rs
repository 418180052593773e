// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: rust-panic */
/* says: called `Option::unwrap\(\)` on a `None` value */
/* Nothing was found, and nobody asked. */
#[inline(never)]
fn find(numbers: &[i32], wanted: i32) -> usize {
    let found = numbers.iter().position(|n| *n == wanted);
    found.unwrap() /* crashed */
}

fn main() {
    std::process::exit(find(&[1, 2, 3], 4) as i32);
}
