// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: use-after-free */
/* A raw pointer outlives its box. */
struct Node {
    name: &'static str,
    rest: [u64; 12],
}

#[inline(never)]
fn make() -> *mut Node {
    let node = Box::new(Node { name: "node", rest: [1; 12] });
    Box::into_raw(node)
}

#[inline(never)]
fn release(node: *mut Node) {
    unsafe { drop(Box::from_raw(node)) } /* freed */
}

#[inline(never)]
fn first(node: *const Node) -> u8 {
    unsafe { (*node).name.as_bytes()[0] + (*node).rest[1] as u8 } /* used */
}

fn main() {
    let node = make(); /* allocated */
    let before = first(node);
    release(node);
    std::process::exit((first(node) - before) as i32);
}
