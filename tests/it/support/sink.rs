//! An image sink in memory. Never checks what is written into it.

use std::io;

use overnight::provider::ImageSink;

/// The images that were kept, and what became of the others.
#[derive(Debug, Default)]
pub struct Collected {
    /// Kept, in the order of the answer.
    pub images: Vec<Vec<u8>>,
    /// How many were begun and then discarded.
    pub discarded: usize,
    open: Option<Vec<u8>>,
    full: bool,
}

impl Collected {
    /// One that can hold nothing, like a full disk.
    pub fn full() -> Self {
        Self { full: true, ..Self::default() }
    }

    /// Whether an image was begun and neither kept nor discarded.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn close(&mut self) -> io::Result<Vec<u8>> {
        self.open.take().ok_or_else(|| io::Error::other("no image was begun"))
    }
}

impl ImageSink for Collected {
    fn begin(&mut self) -> io::Result<()> {
        match self.open.replace(Vec::new()) {
            None => Ok(()),
            Some(_) => Err(io::Error::other("the image before was not closed")),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let open = self.open.as_mut().ok_or_else(|| io::Error::other("no image was begun"))?;
        open.extend_from_slice(bytes);
        Ok(())
    }

    fn keep(&mut self) -> io::Result<()> {
        let image = self.close()?;
        self.images.push(image);
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        self.discarded += 1;
        self.close().map(drop)
    }

    fn retain(&mut self, finals: &[usize]) -> io::Result<()> {
        let mut kept: Vec<_> = std::mem::take(&mut self.images).into_iter().map(Some).collect();
        let image = |number: &usize| kept.get_mut(*number)?.take();
        let images: Option<Vec<_>> = finals.iter().map(image).collect();
        self.images = images.ok_or_else(|| io::Error::other("an image is final that was not kept, or twice"))?;
        Ok(())
    }
}
