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

/// Time in which a reader takes this much of what waits for it, in bytes: about as much as the system holds for it.
const PAUSE: Duration = Duration::from_secs(60);
const LEAST: usize = 256 << 10;

/// Accepts connections while there is room.
#[derive(Clone, Debug)]
pub struct Lines {
    room: Arc<Semaphore>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(MOST)) }
    }
}

impl<I, S> Accept<I, S> for Lines {
    type Stream = Line<I>;
    type Service = S;
    type Future = Ready<io::Result<(Line<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let room = Arc::clone(&self.room).try_acquire_owned();
        ready(match room {
            Ok(room) => Ok((Line::new(stream, Some(room)), service)),
            Err(_full) => Err(io::ErrorKind::ConnectionRefused.into()),
        })
    }
}

/// A connection that breaks when its reader stands still.
#[derive(Debug)]
pub struct Line<I> {
    stream: I,
    pause: Duration,
    /// When the reader must have taken the rest; nothing, while it takes all that comes.
    until: Option<Pin<Box<Sleep>>>,
    owed: usize,
    _room: Option<OwnedSemaphorePermit>,
}

impl<I> Line<I> {
    const fn new(stream: I, room: Option<OwnedSemaphorePermit>) -> Self {
        Self { stream, pause: PAUSE, until: None, owed: 0, _room: room }
    }

    /// Notes what became of a write.
    fn note(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            let bytes = *written.as_ref().unwrap_or(&0);
            self.owed = self.owed.saturating_sub(bytes);
            if self.owed == 0 {
                self.until = None;
            }
            return Poll::Ready(written);
        }
        if self.until.is_none() {
            self.owed = LEAST;
        }
        let pause = self.pause;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + pause)));
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
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        // Who asks for more has taken what came before.
        if into.filled().len() > before {
            self.until = None;
        }
        read
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
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    fn line(pause: Duration, held: usize) -> (Line<DuplexStream>, DuplexStream) {
        let (near, far) = duplex(held);
        (Line { pause, ..Line::new(near, None) }, far)
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
                drop(timeout(Duration::from_millis(2), pending::<()>()).await);
            }
        };
        let (broken, ()) = tokio::join!(writing, reading);
        assert_eq!(broken.expect_err("too slow").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_what_comes_gets_the_whole_time_again() {
        let (mut line, mut far) = line(Duration::from_secs(3_600), 1_000);
        let mut taken = vec![0; LEAST + 1_000];
        let sent = vec![1; taken.len()];
        let (sent, read) = tokio::join!(line.write_all(&sent), far.read_exact(&mut taken));
        sent.expect("all of it");
        read.expect("all of it");
        assert!(line.until.is_none());
    }

    #[tokio::test]
    async fn a_new_request_begins_a_new_time() {
        let (mut line, mut far) = line(Duration::from_secs(3_600), 1);
        let mut taken = [0; 3];
        let (sent, read) = tokio::join!(line.write_all(b"two"), far.read_exact(&mut taken));
        sent.expect("all of it");
        read.expect("all of it");
        assert!(line.until.is_some());
        far.write_all(b"?").await.expect("open");
        assert_eq!(line.read_u8().await.expect("open"), b'?');
        assert!(line.until.is_none());
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_and_for_the_next_when_one_has_gone() {
        let lines = Lines { room: Arc::new(Semaphore::new(1)) };
        let (one, ()) = lines.accept(duplex(1).0, ()).await.expect("room");
        assert!(lines.accept(duplex(1).0, ()).await.is_err());
        drop(one);
        lines.accept(duplex(1).0, ()).await.expect("room again");
    }
}
