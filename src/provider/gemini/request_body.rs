//! The body of a request on its way out: text as it stands, images in base64, block by block as the connection asks.
//! Never holds more than a block of an image that is not shared, and never ends as if it were whole when it is not.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use hyper::body::{Body, Frame, SizeHint};

use super::base64_stream;
use super::reference_file::ReferenceChanged;
use super::references::Reference;

/// A stretch of the body.
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// This file in base64.
    Image(Reference),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Image(image) => base64_stream::encoded_length(image.length()),
        }
    }

    fn blocks(self) -> impl Stream<Item = Result<Bytes, ReferenceChanged>> + Send + Sync {
        match self {
            Self::Text(text) => stream::iter([Ok(text.into())]).left_stream(),
            Self::Image(image) => image.blocks().map_ok(|bytes| base64_stream::encode(&bytes).into()).right_stream(),
        }
    }
}

/// A body whose length is known from the start. Its only error is [`ReferenceChanged`].
pub(super) struct RequestBody {
    left: u64,
    blocks: Pin<Box<dyn Stream<Item = Result<Bytes, ReferenceChanged>> + Send + Sync>>,
}

impl RequestBody {
    /// These pieces in a row.
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let left = pieces.iter().map(Piece::length).sum();
        Self { left, blocks: Box::pin(stream::iter(pieces).flat_map(Piece::blocks)) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let block = ready!(self.blocks.as_mut().poll_next(context));
        if let Some(Ok(bytes)) = &block {
            self.left -= bytes.len() as u64;
        }
        Poll::Ready(block.map(|block| block.map(Frame::data).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::super::references::References;
    use super::*;
    use crate::disk::ListFolder;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use std::fs::{self, File};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    /// Everything the body gives, as long as its length is what it said.
    async fn sent(mut body: RequestBody) -> String {
        let mut text = String::new();
        while !body.is_end_stream() {
            let left = body.size_hint().exact().unwrap();
            let frame = stream::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).try_next().await;
            let bytes = frame.unwrap().unwrap().into_data().unwrap();
            assert_eq!(body.size_hint().exact(), Some(left - bytes.len() as u64));
            text += str::from_utf8(&bytes).unwrap();
        }
        let after = stream::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).next().await;
        assert!(after.is_none(), "it said that this was all");
        text
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_it_says_whatever_padding_its_images_need() {
        let folder = tempfile::tempdir().unwrap();
        let references = References::of(Arc::new(ListFolder::new(folder.path().to_owned(), false)));
        let block = base64_stream::BLOCK_BYTES;
        for length in [3, 4, 5, 6, block - 1, block, block + 1, block + 2, 3 * block] {
            let image = [b"\xFF\xD8\xFF", vec![7; length - 3].as_slice()].concat();
            fs::write(folder.path().join("a"), &image).unwrap();
            let pieces = ["<", "|", ">"].map(|text| Piece::Text(text.to_owned()));
            let [first, middle, last] = pieces;
            let [one, two] = [references.open("a").await.unwrap(), references.open("a").await.unwrap()];
            let body = RequestBody::new(vec![first, Piece::Image(one), middle, Piece::Image(two), last]);
            let base64 = STANDARD.encode(&image);
            let expected = format!("<{base64}|{base64}>");
            assert_eq!(body.size_hint().exact(), Some(expected.len() as u64), "{length}");
            assert_eq!(sent(body).await, expected, "{length}");
        }
    }

    #[tokio::test]
    async fn a_body_breaks_off_where_its_image_is_not_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a"), b"\xFF\xD8\xFF and so on").unwrap();
        // Like one that is still being written: it is not kept in memory.
        file.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
        let image = References::of(Arc::new(ListFolder::new(folder.path().to_owned(), false))).open("a").await.unwrap();
        let mut body = RequestBody::new(vec![Piece::Image(image), Piece::Text("}".to_owned())]);
        file.set_len(3).unwrap();
        let frame = stream::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).next().await.unwrap();
        let error = frame.unwrap_err();
        assert!(ReferenceChanged::behind(error.as_ref()).is_some(), "{error}");
        assert!(!body.is_end_stream(), "it owes the rest");
    }
}
