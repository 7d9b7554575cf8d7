//! What can go wrong on purpose: one table says each kind's name, conduct and help. Never decides when one is due.

use axum::response::Response;
use serde_json::Value;

use super::answer::Ask;
use super::body::Way;
use super::error::ApiError;
use super::files::Serving;
use super::{body, gateway, link, oddity, withheld};

/// What a fault that befalls by chance belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// The request: each ask of it goes the same way.
    ToRequest,
    /// One ask: the next one may go well.
    ToAsk,
}

/// What the server does.
#[derive(Clone, Copy)]
pub(super) enum Conduct {
    /// Answers with this error of the model's own.
    Fail(fn(&Ask) -> ApiError),
    /// Answers in the words of what stands in between: a gateway, a proxy.
    Interpose(fn(&Ask) -> Response),
    /// Answers 200 with a document that holds no final picture, or none that can be used.
    Withhold(fn(&Ask) -> Value),
    /// Answers 200 with a document whose pictures are good, and come in another way than usual.
    Vary(fn(&Ask) -> Value),
    /// Answers 200 with the URL of a picture, in this shape; the URL is then served so.
    Link(fn(&Ask, &str) -> Value, Serving),
    /// A good answer that leaves in this way.
    Send(Way),
    /// A good answer in small pieces, for as long as the settings say.
    Drip,
    /// Says nothing until the client goes away.
    Hang,
    /// Drops the connection at once.
    Reset,
}

struct Row {
    name: &'static str,
    belongs: Belongs,
    conduct: Conduct,
    help: &'static str,
}

const fn row(name: &'static str, belongs: Belongs, conduct: Conduct, help: &'static str) -> Row {
    Row { name, belongs, conduct, help }
}

#[rustfmt::skip]
const TABLE: &[Row] = {
    use {Belongs::*, Conduct::*, Serving::*};
    &[
        // The connection.
        row("cut", ToAsk, Send(body::cut), "the body breaks off in the middle"),
        row("drip", ToAsk, Drip, "a good answer in small pieces, over the time that --drip says"),
        row("gzip", ToAsk, Send(body::gzip), "a good answer with Content-Encoding gzip, wanted or not"),
        row("hang", ToAsk, Hang, "accepted, never answered"),
        row("reset", ToAsk, Reset, "the connection is dropped before a status line"),
        // The model's own errors.
        row("429", ToAsk, Fail(|_| ApiError::throttled()), "a throttle of one second, without a quota"),
        row("500", ToAsk, Fail(|_| ApiError::internal()), "an internal error"),
        row("503", ToAsk, Fail(|_| ApiError::unavailable()), "the model is overloaded"),
        row("bad-request", ToRequest, Fail(|_| ApiError::bad_request()), "400 INVALID_ARGUMENT, on each ask of the request"),
        row("day-quota", ToAsk, Fail(|ask| ApiError::day_quota(&ask.wish.model)), "429 with a violation by the day"),
        row("day-quota-hidden", ToAsk, Fail(|ask| ApiError::day_quota_hidden(&ask.wish.model)), "the same beside one by the minute and a wait of one second"),
        row("limit-zero", ToAsk, Fail(|ask| ApiError::limit_zero(&ask.wish.model)), "429 whose message says `limit: 0`"),
        // Errors from in between.
        row("array", ToAsk, Interpose(gateway::in_an_array), "503 whose body is an array of one error"),
        row("error-200", ToAsk, Interpose(gateway::error_with_200), "an error in the body of a 200"),
        row("gateway-model", ToAsk, Interpose(gateway::no_model), "a gateway's 503 model_not_found"),
        row("gateway-quota", ToAsk, Interpose(gateway::no_credit), "a gateway's 403 insufficient_user_quota"),
        row("gateway-refused", ToRequest, Interpose(gateway::refused), "a gateway's 500 that names IMAGE_SAFETY, on each ask of the request"),
        row("html", ToAsk, Interpose(gateway::page_with_502), "502 with a proxy's HTML page"),
        row("html-200", ToAsk, Interpose(gateway::page_with_200), "200 with a proxy's HTML page"),
        row("nested", ToAsk, Interpose(gateway::nested), "a gateway's 400 whose message is the model's 503 as JSON text"),
        row("redirect", ToAsk, Interpose(gateway::redirect), "302 to a login"),
        // Answers without a final picture.
        row("blocked", ToRequest, Withhold(withheld::blocked), "promptFeedback.blockReason, on each ask of the request"),
        row("interim-only", ToAsk, Withhold(oddity::interim_only), "a draft (thought: true) and no final picture"),
        row("no-image", ToAsk, Withhold(withheld::no_image), "finishReason NO_IMAGE"),
        row("refused", ToRequest, Withhold(withheld::refused), "finishReason IMAGE_SAFETY, on each ask of the request"),
        row("text-only", ToAsk, Withhold(withheld::text_only), "a text and no picture"),
        // Pictures that cannot be used.
        row("bad-base64", ToAsk, Withhold(oddity::bad_base64), "a picture whose base64 is damaged"),
        row("not-an-image", ToAsk, Withhold(oddity::not_an_image), "base64 of an SVG or of an HTML page, said to be a PNG"),
        row("truncated-image", ToAsk, Withhold(oddity::truncated), "half a picture inside valid base64"),
        // Good pictures in odd answers.
        row("blank", ToAsk, Vary(oddity::blank), "a picture of one grey all over"),
        row("drafts", ToAsk, Vary(oddity::drafts), "a thought, one or two drafts (thought: true), and the picture"),
        row("several", ToAsk, Vary(oddity::several), "two or three final pictures"),
        row("snake", ToAsk, Vary(oddity::snake), "every name in snake_case"),
        row("tiny", ToAsk, Vary(oddity::tiny), "a picture with a sixteenth of the pixels across and down"),
        row("unknown-finish", ToAsk, Vary(oddity::unknown_finish), "a finishReason that nobody knows, and a picture"),
        row("wrong-size", ToAsk, Vary(oddity::wrong_size), "a picture of another ratio than was asked for"),
        row("wrong-type", ToAsk, Vary(oddity::wrong_type), "PNG said to be JPEG, or the other way round"),
        // Pictures by URL, served under /files; a request there must bring no key.
        row("url-bare", ToAsk, Link(link::bare, Always), "a bare URL in a text"),
        row("url-bare-flaky", ToAsk, Link(link::bare, FromSecondFetch), "the same; the first fetch gets 503"),
        row("url-data", ToAsk, Vary(oddity::data_uri), "a Markdown image with a data: URI"),
        row("url-file", ToAsk, Link(link::file_data, Always), "fileData.fileUri"),
        row("url-file-flaky", ToAsk, Link(link::file_data, FromSecondFetch), "the same; the first fetch gets 503"),
        row("url-gone", ToAsk, Link(link::markdown, Never), "a Markdown image whose URL gets 404"),
        row("url-markdown", ToAsk, Link(link::markdown, Always), "a Markdown image with a URL"),
        row("url-markdown-flaky", ToAsk, Link(link::markdown, FromSecondFetch), "the same; the first fetch gets 503"),
    ]
};

/// A kind of fault: one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultKind(usize);

impl FaultKind {
    /// Every kind, with its name on the command line and a word of help, in the order of the help.
    pub fn all() -> impl Iterator<Item = (FaultKind, &'static str, &'static str)> {
        TABLE.iter().enumerate().map(|(place, row)| (FaultKind(place), row.name, row.help))
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<FaultKind> {
        TABLE.iter().position(|row| row.name == name).map(FaultKind)
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        TABLE[self.0].name
    }

    /// The names of all kinds with their help, a line each.
    pub fn list() -> String {
        let lines = FaultKind::all().map(|(_, name, help)| format!("  {name:<18} {help}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn belongs(self) -> Belongs {
        TABLE[self.0].belongs
    }

    pub(super) fn conduct(self) -> Conduct {
        TABLE[self.0].conduct
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_has_a_word_of_help() {
        for (kind, name, help) in FaultKind::all() {
            assert_eq!((FaultKind::named(name), kind.name()), (Some(kind), name));
            assert!(!help.is_empty() && !name.contains(char::is_whitespace));
        }
        assert_eq!(FaultKind::named("explode"), None);
    }
}
