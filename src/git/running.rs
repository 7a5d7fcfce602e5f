//! A process with a deadline, which is never left behind.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long git may take to remove its locks and temporary files after it was told to end.
const GRACE: Duration = Duration::from_secs(2);

/// A git that runs. It is ended when dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    /// What it reads; `None` once that has ended.
    pub(super) stdin: Option<ChildStdin>,
    /// What it writes, until the deadline.
    pub(super) stdout: BufReader<Output>,
    stderr: File,
    deadline: Duration,
    /// Whether it was waited for: its number may then be that of another process.
    has_ended: bool,
}

impl Running {
    /// Starts `command`, with pipes to and from it. What it writes is to come within `deadline`.
    pub(super) fn start(mut command: Command, deadline: Duration) -> io::Result<Running> {
        // A file and not a pipe: what is said is needed after a failure only, and nobody has to read along.
        // Its own kind of error is not to be taken for that of a missing program.
        let stderr = tempfile::tempfile().map_err(io::Error::other)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr.try_clone()?);
        // What git starts (transports, ssh) is ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let until = Instant::now() + deadline;
        let stdout = BufReader::new(Output { pipe: child.stdout.take(), until });
        Ok(Running { child, stdin, stdout, stderr, deadline, has_ended: false })
    }

    /// Gives it the whole deadline for what it writes next.
    pub(super) fn allow_more_time(&mut self) {
        self.stdout.get_mut().until = Instant::now() + self.deadline;
    }

    /// Waits for its end, once it writes no more. `None`: it was killed.
    pub(super) fn wait(&mut self) -> io::Result<Option<i32>> {
        self.has_ended = true;
        self.child.wait().map(|status| status.code())
    }

    /// Ends it and what it has started.
    pub(super) fn end(&mut self) {
        if self.has_ended {
            return;
        }
        drop(self.stdin.take());
        // Asked first: a git that is killed leaves its locks behind.
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let group = Pid::from_child(&self.child);
            let _ = kill_process_group(group, Signal::TERM);
            self.stdout.get_mut().until = Instant::now() + GRACE;
            if io::copy(&mut self.stdout, &mut io::sink()).is_err() {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        #[cfg(not(unix))]
        let _ = (GRACE, self.child.kill());
        let _ = self.wait();
    }

    /// What it wrote to its standard error, once it has ended.
    pub(super) fn stderr(&mut self) -> String {
        let mut bytes = Vec::new();
        // Best effort: what cannot be read is not told.
        let _ = self.stderr.seek(SeekFrom::Start(0)).and_then(|_| self.stderr.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The number of the process.
    #[cfg(test)]
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as nobody should.
    #[cfg(test)]
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a process writes. Reading fails with [`io::ErrorKind::TimedOut`] after a point in time (on Unix only).
#[derive(Debug)]
pub(super) struct Output {
    pipe: Option<ChildStdout>,
    until: Instant,
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else { return Ok(0) };
        #[cfg(unix)]
        wait_for(pipe, self.until)?;
        pipe.read(buffer)
    }
}

/// Waits until there is something to read, or the end.
#[cfg(unix)]
fn wait_for(pipe: &ChildStdout, until: Instant) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;

    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
