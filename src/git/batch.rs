//! Reading objects from one long-lived `git cat-file --batch`.

use std::io::{self, BufRead, Write as _};
use std::sync::{Mutex, PoisonError};

use super::ObjectId;
use super::command::{GitError, Program, told};
use super::running::Running;
use crate::tree::MAX_FILE_BYTES;

/// Why the content of a file could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BlobError {
    /// More than [`MAX_FILE_BYTES`].
    #[error("it is too large")]
    TooLarge,
    #[error("git does not have its content ({id}), and could not fetch it{}", told(said))]
    Missing { id: ObjectId, said: String },
    #[error("git has something else where its content should be ({id})")]
    NotABlob { id: ObjectId },
    #[error("git ended while it read {id}{}", told(said))]
    Ended { id: ObjectId, said: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The content of files by their ids. Git is started when it is first asked, and ends with this.
#[derive(Debug)]
pub(super) struct Blobs {
    program: Program,
    running: Mutex<Option<Running>>,
}

impl Blobs {
    pub(super) fn new(program: Program) -> Blobs {
        Blobs { program, running: Mutex::new(None) }
    }

    /// The content of the file `id`, of at most [`MAX_FILE_BYTES`].
    ///
    /// In a partial clone git fetches what it does not have, one file at a time.
    pub(super) fn read(&self, id: &ObjectId) -> Result<Vec<u8>, BlobError> {
        let mut slot = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, and put back only after an answer that leaves git ready for the next question: after all others it
        // is cheaper to start another one than to listen to the end, and what git said is about this question alone.
        let mut running = match slot.take() {
            Some(running) => running,
            None => self.program.start(&["cat-file", "--batch"])?,
        };
        let reply = ask(&mut running, id);
        if let Ok(Reply::Blob(bytes)) = reply {
            *slot = Some(running);
            return Ok(bytes);
        }
        running.end();
        let said = self.program.said(&mut running);
        Err(match reply {
            Ok(Reply::TooLarge) => BlobError::TooLarge,
            Ok(Reply::Missing) => BlobError::Missing { id: id.clone(), said },
            Ok(Reply::Blob(_) | Reply::Other) => BlobError::NotABlob { id: id.clone() },
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.program.stopped("cat-file", &error, &mut running).into()
            }
            // The pipe broke, or ended in the middle.
            Err(_) => BlobError::Ended { id: id.clone(), said },
        })
    }
}

/// What git answers.
enum Reply {
    Blob(Vec<u8>),
    TooLarge,
    Missing,
    /// Another object.
    Other,
}

fn ask(running: &mut Running, id: &ObjectId) -> io::Result<Reply> {
    running.allow_more_time();
    if let Some(pipe) = &mut running.stdin {
        pipe.write_all(format!("{id}\n").as_bytes())?;
    }
    read_reply(&mut running.stdout)
}

/// One answer: `<id> blob <size>`, a line break, the content, a line break; or `<id> missing`.
fn read_reply(stdout: &mut impl BufRead) -> io::Result<Reply> {
    let mut header = Vec::new();
    stdout.read_until(b'\n', &mut header)?;
    let header = String::from_utf8_lossy(&header);
    let mut words = header.split_ascii_whitespace().skip(1);
    match (words.next(), words.next().and_then(|size| size.parse::<u64>().ok())) {
        (Some("missing"), None) => Ok(Reply::Missing),
        (Some("blob"), Some(size)) if size > MAX_FILE_BYTES => Ok(Reply::TooLarge),
        (Some("blob"), Some(size)) => {
            let mut bytes = vec![0; size as usize + 1];
            stdout.read_exact(&mut bytes)?;
            bytes.pop();
            Ok(Reply::Blob(bytes))
        }
        (Some("commit" | "tree" | "tag"), Some(_)) => Ok(Reply::Other),
        (_, _) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
impl Blobs {
    /// The number of the process that answers.
    pub(super) fn process(&self) -> Option<u32> {
        self.running.lock().unwrap().as_ref().map(Running::process)
    }

    /// Kills the git that answers, as nobody should.
    pub(super) fn kill(&self) {
        self.running.lock().unwrap().as_mut().unwrap().kill();
    }
}
