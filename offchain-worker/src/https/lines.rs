//! Bounds what strangers hold open: so many connections, and none that does not take what it is sent.

use axum_server::accept::Accept;
use std::{
    future::{Ready, ready},
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready as ready_or_wait},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};

/// Connections at the same time.
const MOST: usize = 1_024;

/// What a reader must take in its time, in bytes: about as much as the system holds for it.
const LEAST: usize = 256 << 10;

/// Accepts connections while there is room.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Lines {
    /// Lines whose readers are waited for so long with each 256 KiB.
    pub(super) fn new(patience: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(MOST)), patience }
    }
}

impl<I, S> Accept<I, S> for Lines {
    type Stream = Line<I>;
    type Service = S;
    type Future = Ready<io::Result<(Line<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let room = Arc::clone(&self.room).try_acquire_owned();
        ready(match room {
            Ok(room) => Ok((Line::new(stream, self.patience, Some(room)), service)),
            Err(_full) => Err(io::ErrorKind::ConnectionRefused.into()),
        })
    }
}

/// A connection that breaks when its reader stands still. Time runs only while something waits for the reader, and nothing
/// that it sends gives it more.
#[derive(Debug)]
pub(super) struct Line<I> {
    stream: I,
    patience: Duration,
    /// What is left of it until as much is taken as must be.
    left: Duration,
    owed: usize,
    /// When nothing is left; nothing, while nothing waits.
    until: Option<Pin<Box<Sleep>>>,
    _room: Option<OwnedSemaphorePermit>,
}

impl<I> Line<I> {
    const fn new(stream: I, patience: Duration, room: Option<OwnedSemaphorePermit>) -> Self {
        Self { stream, patience, left: patience, owed: LEAST, until: None, _room: room }
    }

    /// Notes what became of a write.
    fn note(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let Some(until) = self.until.take() {
                self.left = until.deadline().saturating_duration_since(Instant::now());
            }
            self.owed = self.owed.saturating_sub(*written.as_ref().unwrap_or(&0));
            if self.owed == 0 {
                (self.left, self.owed) = (self.patience, LEAST);
            }
            return Poll::Ready(written);
        }
        let left = self.left;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + left)));
        ready_or_wait!(until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Line<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Line<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split},
        time::timeout,
    };

    fn line(patience: Duration, held: usize) -> (Line<DuplexStream>, DuplexStream) {
        let (near, far) = duplex(held);
        (Line::new(near, patience, None), far)
    }

    /// Waits on the other side of a line that is too quick for it.
    async fn a_while() {
        drop(timeout(Duration::from_millis(2), pending::<()>()).await);
    }

    #[tokio::test]
    async fn a_line_breaks_when_nobody_reads() {
        let (mut line, _far) = line(Duration::from_millis(5), 1);
        let broken = line.write_all(b"two").await.expect_err("nobody reads");
        assert_eq!(broken.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_line_breaks_when_somebody_reads_a_byte_now_and_then() {
        let (mut line, mut far) = line(Duration::from_millis(20), 1);
        let writing = async move { line.write_all(&[0; LEAST]).await };
        let reading = async move {
            while far.read_u8().await.is_ok() {
                a_while().await;
            }
        };
        let (broken, ()) = tokio::join!(writing, reading);
        assert_eq!(broken.expect_err("too slow").kind(), io::ErrorKind::TimedOut);
    }

    /// Any byte used to give the reader its whole time again.
    #[tokio::test]
    async fn a_line_breaks_when_somebody_says_a_byte_now_and_then_and_reads_nothing() {
        let (line, mut far) = line(Duration::from_millis(50), 1);
        let (mut heard, mut line) = split(line);
        let writing = async { line.write_all(b"two").await.expect_err("nobody reads") };
        let saying = async {
            loop {
                far.write_u8(0).await.expect("open");
                heard.read_u8().await.expect("open");
                a_while().await;
            }
        };
        let broken = tokio::select! {
            broken = writing => broken,
            _ = timeout(Duration::from_secs(30), saying) => panic!("kept for ever"),
        };
        assert_eq!(broken.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_what_comes_gets_the_whole_time_again() {
        let patience = Duration::from_secs(3_600);
        let (mut line, mut far) = line(patience, 1_000);
        let mut taken = vec![0; LEAST];
        let sent = vec![1; taken.len()];
        let (sent, read) = tokio::join!(line.write_all(&sent), far.read_exact(&mut taken));
        sent.expect("all of it");
        read.expect("all of it");
        assert_eq!((line.left, line.owed), (patience, LEAST));
    }

    #[tokio::test]
    async fn no_time_runs_while_nothing_waits() {
        let (mut line, mut far) = line(Duration::from_secs(3_600), 1);
        let mut taken = [0; 3];
        let (sent, read) = tokio::join!(line.write_all(b"two"), far.read_exact(&mut taken));
        sent.expect("all of it");
        read.expect("all of it");
        assert!(line.until.is_none());
        assert_eq!(line.owed, LEAST - 3);
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_and_for_the_next_when_one_has_gone() {
        let room = Arc::new(Semaphore::new(1));
        let lines = Lines { room, ..Lines::new(Duration::from_secs(3_600)) };
        let (one, ()) = lines.accept(duplex(1).0, ()).await.expect("room");
        assert!(lines.accept(duplex(1).0, ()).await.is_err());
        drop(one);
        lines.accept(duplex(1).0, ()).await.expect("room again");
    }
}
