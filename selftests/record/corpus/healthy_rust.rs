// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* Threads that share, and a panic that is caught. */
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

fn main() {
    let table = Arc::new(Mutex::new(HashMap::new()));
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let table = Arc::clone(&table);
            std::thread::spawn(move || table.lock().unwrap().insert(i, vec![i; 100]))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let caught = std::panic::catch_unwind(|| {
        if std::env::args().count() > 0 {
            panic!("on purpose");
        }
    });
    std::process::exit(if caught.is_err() { 0 } else { 1 });
}
