// Looks for files that it can do without, in the ways of Rust's library: prints what it found, and
// fails if anything but "not found" comes back for one that it does not get.
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

fn told<T>(what: &str, path: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("{what} {path}: there"),
        Err(e) if e.kind() == ErrorKind::NotFound => println!("{what} {path}: not there"),
        Err(e) => {
            println!("{what} {path}: {e}");
            std::process::exit(1);
        }
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        told("read", &path, fs::read(&path));
        told("open", &path, fs::OpenOptions::new().append(true).open(&path));
        told("metadata", &path, fs::metadata(&path));
        told("symlink_metadata", &path, fs::symlink_metadata(&path));
        told("read_link", &path, fs::read_link(&path));
        told("read_dir", &path, fs::read_dir(&path));
        told("remove_file", &path, fs::remove_file(&path));
        assert!(!Path::new(&path).try_exists().unwrap_or(true));
    }
}
