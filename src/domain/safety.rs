//! What the model may not draw, by category. The words are the API's own; never a verdict on a picture.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::values::{UnknownValue, values};

/// A threshold for each category that somebody set; for all others the API's default holds.
pub type Safety = BTreeMap<HarmCategory, HarmThreshold>;

values! {
    /// A kind of harm (`HarmCategory` of the API's reference). Their order is that of the stored form, from which
    /// digests are made: a new one goes to the end.
    HarmCategory, "a harm category of the API" {
        /// Against a person.
        Harassment = "HARM_CATEGORY_HARASSMENT",
        /// Against a group.
        HateSpeech = "HARM_CATEGORY_HATE_SPEECH",
        /// Sexual content.
        SexuallyExplicit = "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        /// What leads to harm.
        DangerousContent = "HARM_CATEGORY_DANGEROUS_CONTENT",
        /// What may harm elections.
        CivicIntegrity = "HARM_CATEGORY_CIVIC_INTEGRITY",
        /// In pictures, against a person.
        ImageHarassment = "HARM_CATEGORY_IMAGE_HARASSMENT",
        /// In pictures, against a group.
        ImageHate = "HARM_CATEGORY_IMAGE_HATE",
        /// In pictures, sexual content.
        ImageSexuallyExplicit = "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT",
        /// In pictures, what leads to harm.
        ImageDangerousContent = "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT",
        /// Prompts meant to get around the filters.
        Jailbreak = "HARM_CATEGORY_JAILBREAK",
    }
}

values! {
    /// From which probability on a harm is blocked (`HarmBlockThreshold` of the API's reference).
    HarmThreshold, "a threshold of the API" {
        /// The strictest.
        LowAndAbove = "BLOCK_LOW_AND_ABOVE",
        /// In the middle.
        MediumAndAbove = "BLOCK_MEDIUM_AND_ABOVE",
        /// The most tolerant that blocks anything.
        OnlyHigh = "BLOCK_ONLY_HIGH",
        /// Blocks nothing, and still rates it.
        None = "BLOCK_NONE",
        /// No filter at all.
        Off = "OFF",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_stored_in_the_apis_words_and_in_one_order() {
        let safety = Safety::from([
            (HarmCategory::HateSpeech, HarmThreshold::Off),
            (HarmCategory::Harassment, HarmThreshold::OnlyHigh),
        ]);
        let stored = serde_json::to_string(&safety).unwrap();
        assert_eq!(stored, r#"{"HARM_CATEGORY_HARASSMENT":"BLOCK_ONLY_HIGH","HARM_CATEGORY_HATE_SPEECH":"OFF"}"#);
        assert_eq!(serde_json::from_str::<Safety>(&stored).unwrap(), safety);
    }
}
