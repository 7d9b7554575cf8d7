//! What an answer may cost, before it is asked for, and what it did cost. Pure. Never less than what may be billed.

use super::Usd;
use crate::domain::attempt::Usage;
use crate::domain::request::Request;

/// The most tokens of an answer: the model's output limit, thinking included (Google's page of the model).
const MOST_OUTPUT_TOKENS: u64 = 4_096;
/// The tokens of a reference image: 1,069 to 1,120 were seen on bills of this model.
const REFERENCE_TOKENS: u64 = 1_120;
/// The tokens of a 1K picture (Google's price list).
const PICTURE_TOKENS: u64 = 1_120;
/// About so many characters make a token.
const CHARACTERS_A_TOKEN: u64 = 4;
/// Prices are for so many tokens.
const MILLION: u128 = 1_000_000;

/// What a model's answers cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// For each image received.
    PerImage(Usd),
    /// For the tokens that go and come.
    PerToken(TokenPrice),
}

/// What a million tokens cost, by direction and modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice {
    /// Of the text that is sent.
    pub input: Usd,
    /// Of the reference images.
    pub image_input: Usd,
    /// Of the text that comes, thinking included.
    pub output: Usd,
    /// Of the pictures.
    pub image_output: Usd,
}

impl Price {
    /// What an answer to this request may cost: set aside before it is sent. Per image it is one image; per token, all
    /// that is sent and the most that can come.
    pub fn reserve(self, request: &Request) -> Usd {
        match self {
            Self::PerImage(image) => image,
            Self::PerToken(price) => price.reserve(request),
        }
    }

    /// What an answer to this request usually costs, for a forecast: one picture.
    pub fn expected(self, request: &Request) -> Usd {
        match self {
            Self::PerImage(image) => image,
            Self::PerToken(price) => price.sum([
                (text_bytes(request).div_ceil(CHARACTERS_A_TOKEN), price.input),
                (reference_tokens(request), price.image_input),
                (PICTURE_TOKENS, price.image_output),
            ]),
        }
    }

    /// What an attempt cost that brought so many images, kept or not, and an answer of this usage. Unknown if it was
    /// lost, which is to have brought nobody knows how many.
    pub fn cost(self, request: &Request, images: Option<u64>, usage: Option<Usage>) -> Option<Usd> {
        let images = images?;
        let Self::PerToken(price) = self else { return Some(self.reserve(request).times(images)) };
        // An answer with a picture whose usage tells of no output does not tell what it used.
        let told = usage.filter(|usage| images == 0 || usage.output_tokens > 0 || usage.untold() > 0);
        Some(match told {
            Some(usage) => price.of_usage(usage, request),
            None if images > 0 => self.reserve(request),
            None => Usd::ZERO,
        })
    }
}

impl TokenPrice {
    /// This much for every token, whichever way it goes and whatever it is.
    pub const fn flat(input: Usd, output: Usd) -> Self {
        Self { input, image_input: input, output, image_output: output }
    }

    /// A tokenizer falls back to single bytes, so a text has at most as many tokens as it has bytes.
    fn reserve(self, request: &Request) -> Usd {
        self.sum([
            (text_bytes(request), self.input),
            (reference_tokens(request), self.image_input),
            (MOST_OUTPUT_TOKENS, self.dearer_output()),
        ])
    }

    /// Where nobody told which tokens were those of images, all cost what the dearer do; but a request without a
    /// reference has none.
    fn of_usage(self, usage: Usage, request: &Request) -> Usd {
        let sent_images = usage.prompt_image_tokens.or_else(|| request.references.is_empty().then_some(0));
        let [text_in, images_in] = parts(usage.prompt_tokens, sent_images, self.input, self.image_input);
        let [text, images] = parts(usage.output_tokens, usage.output_image_tokens, self.output, self.image_output);
        let (thoughts, rest) = ((usage.thought_tokens, self.output), (usage.untold(), self.dearer_output()));
        self.sum([text_in, images_in, text, images, thoughts, rest])
    }

    fn dearer_output(self) -> Usd {
        self.output.max(self.image_output)
    }

    /// So many tokens at these prices each; what is less than a billionth of a dollar counts as one.
    fn sum<const PARTS: usize>(self, parts: [(u64, Usd); PARTS]) -> Usd {
        let of_part = |(tokens, price): (u64, Usd)| u128::from(tokens) * u128::from(price.nanos().unsigned_abs());
        let sum = parts.into_iter().map(of_part).fold(0, u128::saturating_add);
        Usd::from_nanos(i64::try_from(sum.div_ceil(MILLION)).unwrap_or(i64::MAX))
    }
}

/// Tokens of text and of images, each with its price.
fn parts(all: u64, of_images: Option<u64>, text: Usd, images: Usd) -> [(u64, Usd); 2] {
    match of_images {
        Some(number) => [(all.saturating_sub(number), text), (number, images)],
        None => [(all, text.max(images)), (0, images)],
    }
}

/// The bytes of all text in a request, of fields that the program does not know too.
fn text_bytes(request: &Request) -> u64 {
    let instruction = request.system_instruction.as_ref().map_or(0, String::len);
    let extra =
        if request.extra.is_empty() { 0 } else { serde_json::to_string(&request.extra).map_or(0, |it| it.len()) };
    (request.prompt.len() + instruction + extra) as u64
}

/// The tokens of a request's reference images, as nearly as they are known before it is sent.
pub fn reference_tokens(request: &Request) -> u64 {
    request.references.len() as u64 * REFERENCE_TOKENS
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Price = Price::PerImage(Usd::from_nanos(33_600_000));
    /// $0.25 and $30 a million, and of text that comes $1.50.
    const TOKENS: TokenPrice = TokenPrice {
        input: Usd::from_nanos(250_000_000),
        image_input: Usd::from_nanos(250_000_000),
        output: Usd::from_nanos(1_500_000_000),
        image_output: Usd::from_nanos(30_000_000_000),
    };

    fn request() -> Request {
        Request { references: vec!["a.png".into()], ..Request::new("m", "Käse") }
    }

    fn usage() -> Usage {
        Usage {
            prompt_tokens: 1_100,
            prompt_image_tokens: Some(1_090),
            output_tokens: 1_140,
            output_image_tokens: Some(1_120),
            thought_tokens: 30,
            total_tokens: 2_270,
        }
    }

    #[test]
    fn an_image_is_reserved_and_the_images_that_came_are_paid() {
        assert_eq!(IMAGE.reserve(&request()).to_string(), "$0.0336");
        let cost = |images| IMAGE.cost(&request(), images, Some(usage()));
        assert_eq!([cost(Some(0)), cost(Some(2))].map(Option::unwrap), [Usd::ZERO, Usd::from_nanos(67_200_000)]);
        assert_eq!(cost(None), None, "nobody knows what a lost one cost");
    }

    #[test]
    fn tokens_are_reserved_at_the_most_there_can_be() {
        // 5 bytes of text and 1,120 tokens at 250 billionths each, 4,096 at 30,000.
        assert_eq!(Price::PerToken(TOKENS).reserve(&request()), Usd::from_nanos(1_125 * 250 + 4_096 * 30_000));
        let spoken = Request { system_instruction: Some("Plain.".into()), ..Request::new("m", "a cup") };
        assert_eq!(Price::PerToken(TOKENS).reserve(&spoken), Usd::from_nanos(11 * 250 + 4_096 * 30_000));
    }

    #[test]
    fn tokens_are_paid_by_direction_and_modality_and_thoughts_as_text() {
        let paid = |usage| Price::PerToken(TOKENS).cost(&request(), Some(1), Some(usage)).unwrap().nanos();
        let expected = 1_100 * 250 + 20 * 1_500 + 1_120 * 30_000 + 30 * 1_500;
        assert_eq!(paid(usage()), expected);
        let undetailed = Usage { output_image_tokens: None, ..usage() };
        assert_eq!(paid(undetailed), expected + 20 * 28_500, "all as dear as a picture's");
        let untold = Usage { total_tokens: 2_280, ..usage() };
        assert_eq!(paid(untold), expected + 10 * 30_000, "what only the total tells is output");
    }

    #[test]
    fn a_prompt_without_a_reference_is_text_whatever_else_is_told() {
        let dear = TokenPrice { image_input: Usd::from_nanos(9_000_000_000), ..TOKENS };
        let usage = Usage { prompt_tokens: 10, output_tokens: 1, output_image_tokens: Some(0), ..Usage::default() };
        let paid = |request: &Request| Price::PerToken(dear).cost(request, Some(0), Some(usage)).unwrap().nanos();
        assert_eq!(paid(&Request::new("m", "a cup")), 10 * 250 + 1_500);
        assert_eq!(paid(&request()), 10 * 9_000 + 1_500);
    }

    #[test]
    fn an_answer_that_does_not_tell_its_usage_costs_its_reserve_if_a_picture_came() {
        let price = Price::PerToken(TOKENS);
        let cost = |images, usage| price.cost(&request(), Some(images), usage).unwrap();
        let silent = Usage { prompt_tokens: 9, total_tokens: 9, ..Usage::default() };
        assert_eq!(cost(1, None), price.reserve(&request()));
        assert_eq!(cost(1, Some(silent)), price.reserve(&request()));
        assert_eq!(cost(0, Some(silent)), Usd::from_nanos(9 * 250), "a refused prompt is billed");
        assert_eq!(cost(0, None), Usd::ZERO, "an error is not");
    }

    #[test]
    fn whatever_a_server_says_it_used_there_is_a_sum() {
        let dear = Price::PerToken(TokenPrice::flat(Usd::from_nanos(i64::MAX), Usd::from_nanos(i64::MAX)));
        let [prompt_tokens, output_tokens, thought_tokens, total_tokens] = [u64::MAX; 4];
        let usage = Usage { prompt_tokens, output_tokens, thought_tokens, total_tokens, ..Usage::default() };
        assert_eq!(dear.cost(&request(), Some(1), Some(usage)), Some(Usd::from_nanos(i64::MAX)));
    }

    #[test]
    fn what_an_answer_costs_is_never_above_its_reserve_within_the_limits_of_the_model() {
        let most = Usage {
            prompt_tokens: 4 + 1_120,
            output_tokens: 2_240,
            thought_tokens: 4_096 - 2_240,
            total_tokens: 4 + 1_120 + 4_096,
            ..Usage::default()
        };
        let price = Price::PerToken(TOKENS);
        assert!(price.cost(&request(), Some(2), Some(most)) <= Some(price.reserve(&request())));
    }

    #[test]
    fn fractions_of_a_billionth_are_rounded_up() {
        let cheap = Price::PerToken(TokenPrice::flat(Usd::from_nanos(1), Usd::from_nanos(1)));
        assert_eq!(cheap.cost(&request(), Some(1), Some(usage())), Some(Usd::from_nanos(1)));
    }
}
