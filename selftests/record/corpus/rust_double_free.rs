// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: double-free */
/* Two boxes are made from one raw pointer. */
#[inline(never)]
fn make() -> *mut [u8; 300] {
    Box::into_raw(Box::new([7; 300]))
}

#[inline(never)]
fn close(block: *mut [u8; 300]) {
    unsafe { drop(Box::from_raw(block)) } /* freed */
}

#[inline(never)]
fn close_again(block: *mut [u8; 300]) {
    unsafe { drop(Box::from_raw(block)) } /* freed-again */
}

fn main() {
    let block = make(); /* allocated */
    close(block);
    close_again(block);
}
