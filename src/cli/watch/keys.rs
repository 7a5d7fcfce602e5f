//! What the user types while we wait.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

use tokio::sync::mpsc;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Enter: run everything.
    All,
    /// `f`: run what failed.
    Failed,
    /// `q`: end.
    Quit,
}

/// The standard input, read by a thread of its own.
pub(super) struct Keys {
    pub(super) received: mpsc::UnboundedReceiver<Key>,
    /// Whether somebody may be there who presses keys.
    pub(super) are_pressed: bool,
    pub(super) terminal: Arc<Terminal>,
}

impl Keys {
    /// Begins to read: on a terminal key by key, where the system can, elsewhere line by line. The end of the input ends
    /// nothing: programs that start others often give none.
    pub(super) fn read() -> Keys {
        let (keys, received) = mpsc::unbounded_channel();
        let is_terminal = io::stdin().is_terminal();
        let terminal = Arc::new(Terminal::new(is_terminal));
        // Who reads in the background is stopped by the terminal.
        let may_read = !is_terminal || terminal.is_ours();
        if may_read {
            let by_key = terminal.gives_keys();
            let read = move || read(io::stdin().lock(), by_key, &|key| keys.send(key).is_ok());
            // Without a thread there are no keys; Ctrl-C still ends the program.
            drop(std::thread::Builder::new().name("keys".to_owned()).spawn(read));
        }
        Keys { received, are_pressed: is_terminal && may_read, terminal }
    }
}

/// Tells `tell` of every key until it wants no more, or there are none.
fn read(input: impl BufRead, by_key: bool, tell: &dyn Fn(Key) -> bool) {
    let mut line = Vec::new();
    for byte in input.bytes() {
        let Ok(byte) = byte else { return };
        let asked = match byte {
            b'\n' => key(&std::mem::take(&mut line)),
            b'\r' if by_key => Some(Key::All),
            // Of longer sequences, such as those of arrows, no part is one of ours.
            byte if by_key && !byte.is_ascii_whitespace() => key(&[byte]),
            _ if by_key => None,
            byte => {
                line.push(byte);
                None
            }
        };
        if asked.is_some_and(|key| !tell(key)) {
            return;
        }
    }
}

/// What a line, or a key that is not Enter, asks for.
fn key(text: &[u8]) -> Option<Key> {
    match text.trim_ascii() {
        b"" => Some(Key::All),
        b"f" => Some(Key::Failed),
        // Ctrl-D says that no more will come.
        b"q" | b"\x04" => Some(Key::Quit),
        _ => None,
    }
}

/// The terminal of the standard input. While it is here, keys come as they are pressed, and are not shown. It is put
/// right when this is dropped.
#[cfg(unix)]
pub(super) struct Terminal {
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl Terminal {
    fn new(is_terminal: bool) -> Terminal {
        let before = is_terminal.then(|| rustix::termios::tcgetattr(io::stdin()).ok()).flatten();
        let terminal = Terminal { before };
        terminal.take();
        terminal
    }

    /// Lets keys come as they are pressed. Ctrl-C and Ctrl-Z stay what they are.
    pub(super) fn take(&self) {
        use rustix::termios::LocalModes;
        if let Some(before) = self.before.as_ref().filter(|_| self.is_ours()) {
            let mut modes = before.clone();
            modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            self.set(&modes);
        }
    }

    /// Makes the terminal what it was.
    pub(super) fn restore(&self) {
        if let Some(before) = self.before.as_ref().filter(|_| self.is_ours()) {
            self.set(before);
        }
    }

    fn set(&self, modes: &rustix::termios::Termios) {
        // A terminal that is gone has nobody to serve.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
    }

    /// Whether we are in the foreground. Who changes the terminal, or reads from it, elsewhere is stopped.
    fn is_ours(&self) -> bool {
        rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    fn gives_keys(&self) -> bool {
        self.before.is_some()
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

/// The terminal of the standard input, which gives lines.
#[cfg(not(unix))]
pub(super) struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn new(_is_terminal: bool) -> Terminal {
        Terminal
    }

    pub(super) fn take(&self) {}

    pub(super) fn restore(&self) {}

    fn is_ours(&self) -> bool {
        true
    }

    fn gives_keys(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn keys(input: &str, by_key: bool) -> Vec<Key> {
        let told = RefCell::new(Vec::new());
        read(input.as_bytes(), by_key, &|key| {
            told.borrow_mut().push(key);
            key != Key::Quit
        });
        told.into_inner()
    }

    #[test]
    fn lines_and_single_keys() {
        use Key::{All, Failed, Quit};
        assert_eq!(keys("\n f \r\nx\nfoo\nq\n\n", false), [All, Failed, Quit]);
        assert_eq!(keys("f\nx \x1b[F\r\x04f", true), [Failed, All, All, Quit]);
        assert_eq!(keys("f", false), [], "a line that does not end is none");
    }
}
