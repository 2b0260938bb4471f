use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Steps a second at most; a faster pace takes larger steps.
const STEPS: u32 = 20;

/// Lets through so many bytes a second.
#[derive(Debug, Default)]
pub(in crate::server) struct Pace(Option<Pin<Box<Sleep>>>);

impl Pace {
    /// Waits for the next step. Returns how many bytes it may have.
    pub(in crate::server) fn poll_step(
        &mut self,
        context: &mut Context<'_>,
        bytes_per_second: u32,
    ) -> Poll<usize> {
        if let Some(sleep) = &mut self.0 {
            ready!(sleep.as_mut().poll(context));
            self.0 = None;
        }
        let step = bytes_per_second.div_ceil(STEPS).max(1);
        Poll::Ready(usize::try_from(step).unwrap_or(usize::MAX))
    }

    /// So many bytes went through: the next step is as much later.
    pub(in crate::server) fn went(&mut self, bytes: usize, bytes_per_second: u32) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let pause = Duration::from_secs(1).saturating_mul(bytes) / bytes_per_second.max(1);
        self.0 = Some(Box::pin(sleep(pause)));
    }
}
