//! Parses JSON from a file (or standard input) and prints it indented, minified, or one part of it.
//!
//!   rustc --target wasm32-wasip1 -O examples/json.rs -o json.wasm     (before Rust 1.78: wasm32-wasi)
//!   nacre run --dir . json.wasm pretty|minify|get PATH [FILE]     (a PATH is like 3.tags.0)

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// A number keeps its spelling, an object the order of its members.
enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

struct Error {
    offset: usize,
    expected: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "at byte {}: expected {}", self.offset, self.expected)
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

const MAX_DEPTH: usize = 200;

impl<'a> Parser<'a> {
    fn error<T>(&self, expected: &'static str) -> Result<T, Error> {
        Err(Error {
            offset: self.at,
            expected,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += found as usize;
        found
    }

    fn document(mut self) -> Result<Value, Error> {
        let value = self.value()?;
        self.skip_space();
        if self.peek().is_some() {
            self.error("the end of the text")
        } else {
            Ok(value)
        }
    }

    fn value(&mut self) -> Result<Value, Error> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.error("a value"),
        }
    }

    fn nested(&mut self, parse: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        if self.depth == MAX_DEPTH {
            return self.error("fewer nested lists");
        }
        self.depth += 1;
        self.at += 1;
        let value = parse(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, Error> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return self.error("true, false or null");
        }
        self.at += word.len();
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return self.error("',' or ']'");
            }
        }
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.error("a member's name");
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return self.error("':'");
            }
            members.push((name, self.value()?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return self.error("',' or '}'");
            }
        }
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            self.error("a digit")
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Value::Number(
            String::from_utf8_lossy(&self.text[start..self.at]).into_owned(),
        ))
    }

    fn hex4(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| (byte as char).to_digit(16)) {
                Some(digit) => code = code * 16 + digit,
                None => return self.error("four hexadecimal digits"),
            }
            self.at += 1;
        }
        Ok(code)
    }

    /// After "\u". A pair of surrogates is one character.
    fn escaped_char(&mut self) -> Result<char, Error> {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) {
            if !(self.take(b'\\') && self.take(b'u')) {
                return self.error("the second half of a surrogate pair");
            }
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return self.error("the second half of a surrogate pair");
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        char::from_u32(code).map_or_else(|| self.error("a character"), Ok)
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            match std::str::from_utf8(&self.text[start..self.at]) {
                Ok(plain) => out.push_str(plain),
                Err(_) => return self.error("UTF-8"),
            }
            if self.take(b'"') {
                return Ok(out);
            }
            if !self.take(b'\\') {
                return self.error("a closing quote");
            }
            let escape = self.peek();
            self.at += 1;
            out.push(match escape {
                Some(b'n') => '\n',
                Some(b't') => '\t',
                Some(b'r') => '\r',
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(c @ (b'"' | b'\\' | b'/')) => c as char,
                Some(b'u') => self.escaped_char()?,
                _ => return self.error("an escape"),
            });
        }
    }
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    for c in text.chars() {
        match c {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\t' => out.write_all(b"\\t")?,
            '\r' => out.write_all(b"\\r")?,
            '\u{8}' => out.write_all(b"\\b")?,
            '\u{c}' => out.write_all(b"\\f")?,
            c if (c as u32) < 0x20 => write!(out, "\\u{:04x}", c as u32)?,
            c => write!(out, "{}", c)?,
        }
    }
    out.write_all(b"\"")
}

/// `indent` is None for the shortest text, else how deep this value stands.
fn write_value(out: &mut impl Write, value: &Value, indent: Option<usize>) -> io::Result<()> {
    fn line(out: &mut impl Write, indent: Option<usize>) -> io::Result<()> {
        match indent {
            Some(depth) => write!(out, "\n{:width$}", "", width = depth * 2),
            None => Ok(()),
        }
    }
    let inner = indent.map(|depth| depth + 1);
    match value {
        Value::Null => out.write_all(b"null"),
        Value::Bool(truth) => write!(out, "{}", truth),
        Value::Number(spelling) => out.write_all(spelling.as_bytes()),
        Value::Text(text) => write_text(out, text),
        Value::List(items) if items.is_empty() => out.write_all(b"[]"),
        Value::Object(members) if members.is_empty() => out.write_all(b"{}"),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                out.write_all(if index == 0 { b"[" } else { b"," })?;
                line(out, inner)?;
                write_value(out, item, inner)?;
            }
            line(out, indent)?;
            out.write_all(b"]")
        }
        Value::Object(members) => {
            for (index, (name, item)) in members.iter().enumerate() {
                out.write_all(if index == 0 { b"{" } else { b"," })?;
                line(out, inner)?;
                write_text(out, name)?;
                out.write_all(if indent.is_some() { b": " } else { b":" })?;
                write_value(out, item, inner)?;
            }
            line(out, indent)?;
            out.write_all(b"}")
        }
    }
}

fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(value, |at, step| match at {
            Value::List(items) => items.get(step.parse::<usize>().ok()?),
            Value::Object(members) => {
                let index: BTreeMap<&str, &Value> =
                    members.iter().map(|(n, v)| (n.as_str(), v)).collect();
                index.get(step).copied()
            }
            _ => None,
        })
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let (mode, path, file) = match arguments {
        [mode @ ("pretty" | "minify")] => (*mode, "", None),
        [mode @ ("pretty" | "minify"), file] => (*mode, "", Some(*file)),
        ["get", path] => ("pretty", *path, None),
        ["get", path, file] => ("pretty", *path, Some(*file)),
        _ => return Err("usage: json pretty|minify|get PATH [FILE]".to_string()),
    };
    let mut text = Vec::new();
    match file {
        Some(name) => text = std::fs::read(name).map_err(|e| format!("{}: {}", name, e))?,
        None => drop(
            io::stdin()
                .read_to_end(&mut text)
                .map_err(|e| e.to_string())?,
        ),
    }
    let root = Parser {
        text: &text,
        at: 0,
        depth: 0,
    }
    .document()
    .map_err(|e| e.to_string())?;
    let value = find(&root, path).ok_or_else(|| format!("there is nothing at {}", path))?;

    let mut out = io::BufWriter::new(io::stdout());
    let indent = if mode == "pretty" { Some(0) } else { None };
    write_value(&mut out, value, indent)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
        .map_err(|e| e.to_string())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("json: {}", message);
            ExitCode::FAILURE
        }
    }
}
