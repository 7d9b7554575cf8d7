//! A terminal of a test's own, on which a program shows what it shows people. Never a real one.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Runs a command to its end on a terminal; returns its exit code, and all that it wrote there.
pub fn on_a_terminal(command: &mut Command) -> (Option<i32>, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let stdio = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(stdio(&theirs)).stderr(stdio(&theirs)).spawn().unwrap();
    // Held by nobody but the child, and by the command itself, which would hold it for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    drop(theirs);
    let reader = std::thread::spawn(move || {
        let (mut shown, mut buffer, mut ours) = (Vec::new(), [0; 4096], File::from(ours));
        // Its end is an error: nobody holds the other side any more.
        while let Ok(length @ 1..) = ours.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..length]);
        }
        shown
    });
    let code = child.wait().unwrap().code();
    (code, String::from_utf8(reader.join().unwrap()).unwrap())
}
